/** What Node starts for a command. */
export interface StartedCommand {
  program: string
  flags: readonly string[]
  shell: boolean
}

/**
 * How a command of a package manager is started on a system. On Windows those are scripts (`npm.cmd`), which only a shell runs;
 * a shell gets one line, since Node warns of arguments beside it (DEP0190) and does not quote them.
 */
export function startedOn(
  platform: NodeJS.Platform,
  [program = '', ...flags]: readonly string[],
): StartedCommand {
  if (platform !== 'win32') return { program, flags, shell: false }
  const quoted = flags.map((flag) =>
    /^[\w@%+=:,./\\-]+$/.test(flag) ? flag : `"${flag.replaceAll('"', '""')}"`,
  )
  return { program: [program, ...quoted].join(' '), flags: [], shell: true }
}
