import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureEnvironment, obtainUv } from '../../../scripts/environment.ts'
import { dateText, lockDate } from '../../../scripts/lock-date.ts'
import { makeOnce } from '../../../test/support/make-once.ts'
import { interpreterIn } from '../../engine/src/engine/project/index.ts'

const execute = promisify(execFile)
const folder = join(import.meta.dirname, 'python')
const cache = join(import.meta.dirname, '../../../node_modules/.cache')

/** The files with the locked packages: official clients, and frameworks that need other versions of these. */
export type Requirements = 'requirements.txt' | 'frameworks.txt'

/**
 * The interpreter of a virtual environment with Python clients, made at the first use and kept as long as the
 * requirements are the same.
 */
export async function pythonWithClients(file: Requirements = 'requirements.txt'): Promise<string> {
  const requirements = join(folder, file)
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  return environmentOnce(`python-clients-${hash}`, ['--no-deps', '-r', requirements])
}

/**
 * Makes a virtual environment, unless it exists, and returns its interpreter.
 *
 * @param name the name of its folder in the cache.
 * @param packages arguments of `uv pip install`.
 */
export async function environmentOnce(name: string, packages: readonly string[]): Promise<string> {
  const environment = join(cache, name)
  await makeOnce(environment, 'pyvenv.cfg', async (made) => {
    const [uv, base] = [await obtainUv(), await ensureEnvironment()]
    await execute(uv, ['venv', '--quiet', '--no-project', '--relocatable', '--python', base, made])
    const install = ['pip', 'install', '--quiet', '--exclude-newer', dateText(lockDate())]
    await execute(uv, [...install, '--python', interpreterIn(made), ...packages])
  })
  return interpreterIn(environment)
}

/**
 * What a program of the folder python/ prints, which is JSON.
 *
 * @param given its arguments.
 * @param file the packages that it needs.
 */
export async function runPython(
  program: string,
  given: readonly string[],
  file?: Requirements,
): Promise<unknown> {
  const python = await pythonWithClients(file)
  const { stdout } = await execute(python, [join(folder, program), ...given], {
    // Keys and addresses of whoever runs the tests stay out, and so do the telemetry and tracing of clients.
    env: { PATH: process.env.PATH, LANGSMITH_TRACING: 'false', HAYSTACK_TELEMETRY_ENABLED: 'False' },
  })
  return JSON.parse(stdout)
}
