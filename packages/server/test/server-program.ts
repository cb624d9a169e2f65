import { type ChildProcess, execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { program } from '../../../test/support/programs/find.ts'

/** The path of tsx, because programs start in folders that do not have it. */
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/**
 * The arguments of Node that run `mlx-app-server` from its source. The path is the one in node_modules, as in a
 * project, so that the project is that of the working directory.
 */
export const serverProgram: readonly string[] = [
  '--conditions=mlx-app-source',
  '--import',
  tsx,
  join(import.meta.dirname, '../../../node_modules/mlx-app-server/src/command-line.ts'),
]

/** Returns the process ID of a program's Python worker, or undefined if it has none. */
export function workerOf({ child }: { child: Pick<ChildProcess, 'pid'> }): number | undefined {
  const rows = execFileSync(program('ps'), ['-A', '-o', 'pid=,ppid=,command='], {
    encoding: 'utf8',
  }).split('\n')
  // The TypeScript loader has its own process.
  const row = rows.find((line) => new RegExp(`^\\s*\\d+\\s+${child.pid}\\s.*mlx_app`).test(line))
  return row === undefined ? undefined : Number.parseInt(row, 10)
}
