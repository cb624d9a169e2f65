/** Files that the package brings for the set-up. A running engine reads none of them. */
import { dirname, join } from 'node:path'
import { release } from './release.ts'

/** Undefined in a bundle that is CommonJS; there and in any other bundle these files are not to be found. */
const ownDirectory: string | undefined = import.meta.dirname

/** The folder of the package; the same from `src` and from `dist`. */
const packageFolder = ownDirectory === undefined ? '' : dirname(ownDirectory)

/** The folder with the lock files and the wheel; in the repository, the Python project itself. */
export const pythonDirectory = join(packageFolder, 'python')

/** Python code that is run from its sources, for PYTHONPATH; undefined in a published package. */
export const pythonSource: string | undefined =
  release === undefined ? join(pythonDirectory, 'src') : undefined

/** Path of the wheel with the Python code; undefined where that is run from its sources. */
export const wheelPath: string | undefined =
  release === undefined ? undefined : join(pythonDirectory, release.wheel.file)
