/** Prepares the Python code of the output, so that the app starts quickly. */
import { EngineError } from '../../../engine/index.ts'
import { type ProcessOptions, runForOutput, throwIfInterrupted } from '../../process/child-process.ts'

/**
 * Compiles in several processes. compileall itself exits with 1 if a single file does not compile, and if it is stopped, its
 * processes stay behind.
 */
const program = `
import compileall, multiprocessing, os, signal, sys
def stop(*_):
    for worker in multiprocessing.active_children():
        worker.kill()
    os._exit(1)
signal.signal(signal.SIGTERM, stop)
sys.argv[0] = "compileall"
compileall.main()
`

/** A slow disk needs minutes for some ten thousand files. */
const timeoutMs = 1_800_000

/**
 * Compiles all files, so that the app writes nothing into its folder. The bytecode counts as valid whatever the times of
 * the files are, because they change when the app is packed. Files that don't compile, such as templates, are left out.
 *
 * @param python an interpreter of this machine with the same version.
 * @param staging the start of the paths, which the bytecode leaves out.
 * @throws EngineError INTERNAL, ABORTED
 */
export async function compileFolders(
  python: string,
  folders: readonly string[],
  staging: string,
  { environment: inherited, signal }: ProcessOptions,
): Promise<void> {
  const { PYTHONDONTWRITEBYTECODE: _, PYTHONHOME: __, PYTHONPATH: ___, ...environment } = inherited
  const flags = ['-q', '-q', '-f', '-j', '0', '--invalidation-mode', 'unchecked-hash', '-s', staging]
  const result = await runForOutput(
    python,
    ['-I', '-c', program, ...flags, ...folders],
    environment,
    timeoutMs,
    signal,
  )
  await throwIfInterrupted(signal)
  if ('problem' in result) {
    throw new EngineError('INTERNAL', `The Python code could not be compiled: ${result.problem}.`)
  }
}

/**
 * Saves which module of transformers has which name, as the first start of the packages does. It needs none of their
 * binaries, which are for another system.
 *
 * @returns why it failed; undefined when it succeeded.
 * @throws EngineError ABORTED
 */
export async function saveImports(
  python: string,
  site: string,
  { environment, signal }: ProcessOptions,
): Promise<string | undefined> {
  const code =
    'import sys; sys.path.insert(0, sys.argv[1]); from mlx_app import quick_import; quick_import.save()'
  const result = await runForOutput(python, ['-I', '-S', '-c', code, site], environment, 300_000, signal)
  await throwIfInterrupted(signal)
  return 'problem' in result ? result.problem : undefined
}
