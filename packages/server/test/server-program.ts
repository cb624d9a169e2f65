import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** By its path: programs are started in folders that know nothing of it. */
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/**
 * What Node is started with for the program `mlx-app-server`, from its source. The path is the one that a project has it
 * by, in node_modules, so that the project is the one of the working directory.
 */
export const serverProgram: readonly string[] = [
  '--conditions=mlx-app-source',
  '--import',
  tsx,
  join(import.meta.dirname, '../../../node_modules/mlx-app-server/src/command-line.ts'),
]
