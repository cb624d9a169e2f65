/** What Node starts for a command. */
export interface SpawnCommand {
  program: string
  flags: readonly string[]
  shell: boolean
}

/**
 * How a command of a package manager is started on a system. On Windows those are scripts (`npm.cmd`), which only a shell runs;
 * a shell gets one line, since Node warns of arguments beside it (DEP0190) and does not quote them.
 */
export function spawnCommandFor(
  platform: NodeJS.Platform,
  [program = '', ...flags]: readonly string[],
): SpawnCommand {
  if (platform !== 'win32') return { program, flags, shell: false }
  const quoted = flags.map((flag) =>
    /^[\w@%+=:,./\\-]+$/.test(flag) ? flag : `"${flag.replaceAll('"', '""')}"`,
  )
  return { program: [program, ...quoted].join(' '), flags: [], shell: true }
}
