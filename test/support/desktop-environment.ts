/** Runs programs in a desktop app, with the Node that they need. */
import { delimiter } from 'node:path'
import { execa, type Options } from 'execa'
import { nodeFolder } from './node-binaries.ts'

/** Electron's tools need a newer Node than this repository. */
export const nodeVersion = '22.23.5'

/** Returns the environment of programs in a desktop app: the newer Node, and no messages about newer packages. */
export async function desktopEnvironment(): Promise<{
  PATH: string
  NO_UPDATE_NOTIFIER: string
  NO_COLOR: string
}> {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return {
    PATH: [await nodeFolder(nodeVersion), ...path].join(delimiter),
    NO_UPDATE_NOTIFIER: '1',
    NO_COLOR: '1',
  }
}

/** Runs a program in a desktop app. It does not fail if the program does. */
export async function runInDesktop(
  folder: string,
  program: string,
  flags: readonly string[],
  options: Options = {},
) {
  const env = { ...(await desktopEnvironment()), ...options.env }
  const { all, exitCode } = await execa(program, flags, {
    ...options,
    cwd: folder,
    env,
    all: true,
    reject: false,
  })
  return { all: String(all), exitCode }
}
