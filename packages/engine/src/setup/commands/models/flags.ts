/** The flags of `mlx-app models`, for the parser and the help. */
export const flags = {
  revision: { type: 'string', value: 'R', help: 'branch, tag or commit on the hub' },
  output: { type: 'string', value: 'DIR', help: 'download plain files to this folder instead of the cache' },
  yes: { type: 'boolean', value: '', help: "don't ask" },
  'dry-run': { type: 'boolean', value: '', help: 'list what would be deleted, but delete nothing' },
  json: { type: 'boolean', value: '', help: 'print the result as JSON' },
} as const

export type FlagName = keyof typeof flags

/** Returns a flag with the name of its value, such as `--revision R`. */
export function formatFlag(flag: FlagName): string {
  return `--${flag} ${flags[flag].value}`.trim()
}

export interface FlagValues {
  revision: string | undefined
  output: string | undefined
  yes: boolean
  dryRun: boolean
  json: boolean
}
