/** Puts the interpreter into the output. */
import { cp, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../../engine/index.ts'
import { type ProcessOptions, runForOutput, runVisibly } from '../../process/child-process.ts'
import type { VendorPlan } from '../plan/plan.ts'
import { uvPythonRequest } from '../plan/target.ts'

/** The path of the program in the folder of an interpreter. */
export const interpreterProgram = join('bin', 'python3')

/**
 * Copies the interpreter of the plan, or lets uv download a relocatable CPython, which it checks by its hash.
 *
 * @param folder where the interpreter goes.
 * @throws EngineError DOWNLOAD_FAILED
 */
export async function placeInterpreter(
  plan: VendorPlan,
  { uv, folder, staging }: { uv: string; folder: string; staging: string },
  run: ProcessOptions,
): Promise<void> {
  const { interpreter, target } = plan
  if (interpreter === undefined) return
  if (interpreter !== 'download') {
    // A copy has no hard links, and links within the folder stay relative.
    await cp(interpreter.folder, folder, { recursive: true, verbatimSymlinks: true })
    return
  }
  const place = join(staging, '.interpreters')
  await mkdir(place)
  const request = uvPythonRequest(target)
  // With --quiet, it would not even print an error.
  await runVisibly(uv, ['python', 'install', '--no-bin', '--install-dir', place, request], {
    ...run,
    failure: `${request} could not be downloaded`,
    hint: 'See the output above. Or give an interpreter with --python DIR (EMBEDDED_PYTHON), leave it out with --wheels-only, or set UV_PYTHON_INSTALL_MIRROR or UV_PYTHON_DOWNLOADS_JSON_URL',
  })
  const found = await readdir(place, { withFileTypes: true })
  // uv also makes a link with the minor version.
  const installed = found.find((entry) => entry.isDirectory() && entry.name.startsWith('cpython-'))
  if (installed === undefined) throw new Error(`uv installed no Python in ${place}`)
  await rename(join(place, installed.name), folder)
  await rm(place, { recursive: true })
}

/**
 * Runs the interpreter of the output, to see that it works in another place and has the right version.
 *
 * @throws EngineError PYTHON_NOT_FOUND
 */
export async function requireRelocated(
  folder: string,
  { target }: VendorPlan,
  { environment }: ProcessOptions,
): Promise<void> {
  const code = 'import sys; print(sys.prefix, sys.version_info[1], sep="\\n")'
  const program = join(folder, interpreterProgram)
  const result = await runForOutput(program, ['-I', '-c', code], environment, 30_000)
  if ('problem' in result) {
    throw new EngineError('PYTHON_NOT_FOUND', `The copy of the interpreter does not run: ${result.problem}.`)
  }
  const [prefix = '', minor] = result.output.split('\n')
  if ((await realpath(prefix)) !== (await realpath(folder))) {
    throw new EngineError(
      'PYTHON_NOT_FOUND',
      `The interpreter can't be moved: its copy still uses ${prefix}.`,
      {
        hint: 'Use a relocatable CPython, such as one of python-build-standalone.',
      },
    )
  }
  if (Number(minor) !== target.minor) {
    throw new EngineError('PYTHON_NOT_FOUND', `The interpreter is Python 3.${minor}, not 3.${target.minor}.`)
  }
}

/** Returns where the interpreter of a plan comes from, for a message. */
export function describeInterpreter({ interpreter, target }: VendorPlan): string {
  if (interpreter === undefined) return 'none'
  return interpreter === 'download'
    ? `${uvPythonRequest(target)}, from uv`
    : `Python 3.${interpreter.minor} from ${interpreter.folder} (${interpreter.by})`
}
