/** The arguments of `spawn` for a command. */
export interface SpawnCommand {
  program: string
  flags: readonly string[]
  shell: boolean
}

/**
 * Returns how to spawn a package manager's command on a platform. On Windows these are scripts (`npm.cmd`), which only
 * a shell can run. A shell gets one line, because Node warns about separate arguments (DEP0190) and does not quote them.
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
