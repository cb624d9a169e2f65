import { execa } from 'execa'
import { EngineError } from '../../engine/index.ts'
import {
  isolatedEnvironment,
  networkEnvironment,
  type Project,
  scriptCommand,
} from '../../engine/project/index.ts'
import { packageIndexes } from './package-indexes.ts'
import { runGroup } from './process-group.ts'
import { uvConfiguration } from './uv-configuration.ts'

/**
 * Returns the environment variables for every program that setup starts: those of this process without settings that
 * reach into the environment, with proxies, certificates and mirrors under the names that these programs read. Loopback
 * addresses never go through a proxy.
 *
 * @param project the project whose folder may receive files with the user's certificates and uv's configuration. Without
 * it, no file is written.
 * @param keepsPath whether PYTHONPATH stays. Default: if the user names a Python, which may need it.
 * @throws EngineError INVALID_REQUEST if uv's configuration can't be read.
 */
export function childEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
  project?: Pick<Project, 'environmentFile'>,
  keepsPath?: boolean,
): NodeJS.ProcessEnv {
  const isolated = isolatedEnvironment(environment, keepsPath)
  return {
    ...networkEnvironment(isolated, project),
    ...packageIndexes(isolated),
    ...uvConfiguration(isolated, project),
    // Packages of the user's own would hide the ones of the environment.
    PYTHONNOUSERSITE: '1',
    // In a container everything runs as root, and setup doesn't change the system's packages.
    PIP_ROOT_USER_ACTION: 'ignore',
  }
}

/** The hint for failed downloads: the document lists every setting that can help. */
export const networkHint =
  'See the output above. For proxies, certificates, mirrors and offline use, see node_modules/mlx-app/docs/network.md'

/** What every program of the setup is started with. */
export interface ProcessOptions {
  environment: NodeJS.ProcessEnv
  /** The working directory. */
  directory: string
  signal?: AbortSignal | undefined
}

/** Returns how setup starts programs for a project. */
export function processOptions(
  project: Pick<Project, 'root'>,
  { environment, signal }: Omit<ProcessOptions, 'directory'>,
): ProcessOptions {
  return { environment, directory: project.root, signal }
}

export interface RunOptions extends ProcessOptions {
  /** What failed if the program fails, such as "The packages could not be installed". */
  failure: string
  /** The next step after such a failure. */
  hint: string
}

/**
 * Runs a program and shows its output to the user, on standard error.
 *
 * @throws EngineError DOWNLOAD_FAILED with `failure` if the program fails, ABORTED if the signal stopped it.
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
    // Standard output is reserved for what this program itself prints.
    stdio: ['ignore', 2, 2],
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  })
  if (result.signal === 'SIGINT') throw interruptedError()
  await throwIfInterrupted(options.signal)
  if (!result.failed) return
  const reason =
    result.exitCode === undefined ? (result.shortMessage ?? 'killed') : `exit code ${result.exitCode}`
  throw new EngineError('DOWNLOAD_FAILED', `${options.failure} (${command}: ${reason}).`, {
    hint: options.hint,
  })
}

/**
 * Throws if the user interrupted the setup. Call it after each program: one that the same Ctrl-C killed would
 * otherwise look broken.
 *
 * @throws EngineError ABORTED
 */
export async function throwIfInterrupted(signal: AbortSignal | undefined): Promise<void> {
  // A child process may exit before this process receives the signal.
  await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw interruptedError()
}

function interruptedError(): EngineError {
  return new EngineError('ABORTED', 'Interrupted.', { hint: `To continue, run: ${scriptCommand('setup')}` })
}

/**
 * Runs a program and returns its standard output. It never rejects: if the program is missing, fails or takes longer
 * than `timeoutMs`, it returns the problem with the line of standard error that tells the reason.
 */
export async function runForOutput(
  command: string,
  commandArguments: string[],
  environment: NodeJS.ProcessEnv,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<{ output: string } | { problem: string }> {
  const result = await runGroup(command, commandArguments, { environment, timeoutMs, signal })
  if (!result.failed) return { output: result.stdout }
  if (result.code === 'ENOENT') return { problem: 'it does not exist' }
  if (result.code === 'EACCES') return { problem: 'it is not executable' }
  if (result.timedOut) return { problem: `it did not respond within ${timeoutMs / 1000} s` }
  const lines = result.stderr.trim().split('\n')
  // A shim of pyenv or asdf that finds no program exits like a shell, and gives its advice after the reason.
  const isFirst = result.exitCode === 126 || result.exitCode === 127
  const line = lines.at(isFirst ? 0 : -1)?.trim() ?? ''
  const reason = result.exitCode === undefined ? `killed by ${result.signal}` : `exit code ${result.exitCode}`
  return { problem: line === '' ? reason : `${line} (${reason})` }
}
