import { execa } from 'execa'
import { EngineError } from '../../engine/index.ts'
import { networkEnvironment, type Project, scriptCommand } from '../../engine/project/index.ts'
import { packageIndexes } from './package-indexes.ts'

/**
 * The environment of every program that the set-up starts: all of this one, with proxies, certificates and mirrors in
 * the names that these programs know, and loopback never sent through a proxy.
 *
 * @param project in whose folder a file with the user's own certificates may be written; without one there is none.
 */
export function childEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
  project?: Pick<Project, 'environmentFile'>,
): NodeJS.ProcessEnv {
  return {
    ...networkEnvironment(environment, project),
    ...packageIndexes(environment),
    // A user's defaults for pip would send the packages somewhere else than into this environment.
    PIP_USER: '0',
    PIP_REQUIRE_VIRTUALENV: '0',
    // In a container everything runs as root, and nothing here touches the system's packages.
    PIP_ROOT_USER_ACTION: 'ignore',
  }
}

/** What helps is one table there, each row of which is tested. */
export const networkHint =
  'See the lines above, and node_modules/mlx-app/docs/network.md: proxies, certificates, mirrors, folders of wheels.'

export interface RunOptions {
  environment: NodeJS.ProcessEnv
  directory: string
  signal?: AbortSignal | undefined
  /** What could not be done when the program fails: "The packages could not be installed". */
  failure: string
  /** The next step after such a failure. */
  hint: string
}

/**
 * Runs a program that talks to the user itself.
 *
 * @throws EngineError DOWNLOAD_FAILED with `failure` when it does not end with 0, ABORTED when the signal stopped it.
 */
export async function runVisibly(
  command: string,
  commandArguments: string[],
  options: RunOptions,
): Promise<void> {
  const result = await execa(command, commandArguments, {
    cwd: options.directory,
    env: options.environment,
    extendEnv: false,
    reject: false,
    // Its standard output goes to stderr too: what this program prints on stdout stays its own.
    stdio: ['ignore', 2, 2],
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  })
  if (result.signal === 'SIGINT') throw interrupted()
  await throwIfInterrupted(options.signal)
  if (!result.failed) return
  const ending =
    result.exitCode === undefined ? (result.shortMessage ?? 'killed') : `exit code ${result.exitCode}`
  throw new EngineError('DOWNLOAD_FAILED', `${options.failure} (${command}: ${ending}).`, {
    hint: options.hint,
  })
}

/**
 * Ends what was interrupted. A program that the same Ctrl-C killed must not be taken for one that is broken.
 *
 * @throws EngineError ABORTED
 */
export async function throwIfInterrupted(signal: AbortSignal | undefined): Promise<void> {
  // The end of the program may be seen before the signal to this one is.
  await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw interrupted()
}

function interrupted(): EngineError {
  return new EngineError('ABORTED', 'Interrupted.', { hint: `Go on with: ${scriptCommand('setup')}` })
}

/**
 * Runs a program for its output. Never rejects: one that is not there, fails or takes longer than `timeoutMs` gives the
 * problem, with the last line that it wrote to stderr.
 */
export async function ask(
  command: string,
  commandArguments: string[],
  environment: NodeJS.ProcessEnv,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<{ output: string } | { problem: string }> {
  const result = await execa(command, commandArguments, {
    env: environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: timeoutMs,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  })
  if (!result.failed) return { output: result.stdout }
  if (result.code === 'ENOENT') return { problem: 'it does not exist' }
  if (result.code === 'EACCES') return { problem: 'it can not be executed' }
  if (result.timedOut) return { problem: `it gave no answer for ${timeoutMs / 1000} s` }
  const lastLine = result.stderr.trimEnd().split('\n').at(-1)?.trim() ?? ''
  const ending = result.exitCode === undefined ? `killed by ${result.signal}` : `exit code ${result.exitCode}`
  return { problem: lastLine === '' ? ending : `${lastLine} (${ending})` }
}
