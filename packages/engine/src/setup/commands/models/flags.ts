/** Every flag of the script `models`: what parses the command line, and what its help shows. */
export const flags = {
  revision: { type: 'string', value: 'R', help: 'branch, tag or commit on the hub' },
  output: { type: 'string', value: 'DIR', help: 'a folder for its files, in place of the shared cache' },
  yes: { type: 'boolean', value: '', help: 'does not ask' },
  'dry-run': { type: 'boolean', value: '', help: 'says what would be deleted, and deletes nothing' },
  json: { type: 'boolean', value: '', help: 'the result for a program, on standard output' },
} as const

export type FlagName = keyof typeof flags

export interface FlagValues {
  revision: string | undefined
  output: string | undefined
  yes: boolean
  dryRun: boolean
  json: boolean
}
