/** Compiles the Python code of the output. */
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
