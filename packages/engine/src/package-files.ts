/** Files of this package that setup needs. A running engine doesn't read them. */
import { dirname, join } from 'node:path'
import { release } from './release.ts'

/** Undefined in a CommonJS bundle. These files are not available in any bundle. */
const ownDirectory: string | undefined = import.meta.dirname

/** The folder of the package, from `src` as well as from `dist`. */
const packageFolder = ownDirectory === undefined ? '' : dirname(ownDirectory)

/** The folder with the lock files and the wheel. In the repository, it is the Python project itself. */
export const pythonDirectory = join(packageFolder, 'python')

/** The PYTHONPATH for running the Python code from its sources; undefined in a published package. */
export const pythonSource: string | undefined =
  release === undefined ? join(pythonDirectory, 'src') : undefined

/** The path of the wheel with the Python code; undefined if that is run from its sources. */
export const wheelPath: string | undefined =
  release === undefined ? undefined : join(pythonDirectory, release.wheel.file)
