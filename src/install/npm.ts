import type { CommandOptions } from '../process/commands.ts'

/** Error codes in npm's log that a second attempt may get past: a lost connection, a busy registry. */
const transientCodes = [
  ...[
    'EAI_AGAIN',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ECONNECTIONTIMEOUT',
    'EIDLETIMEOUT',
    'ERESPONSETIMEOUT',
  ],
  ...['ETRANSFERTIMEOUT', 'ERR_SOCKET_TIMEOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'EINTEGRITY', 'Z_BUF_ERROR'],
  ...['E429', 'E500', 'E502', 'E503', 'E504'],
]

/** Error codes of what keeps npm from its registry until the user changes something. */
const lastingCodes = [
  ...['ENOTFOUND', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'E407', 'CERT_HAS_EXPIRED'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
]

/** Where npm writes its log during the install. It stays when the install fails, and git ignores it. */
const logFolder = '.mlx/npm-logs'

/** The environment of one attempt of `npm install`. */
type Environment = CommandOptions['env']

/** Shorter delays between retries than the package manager's own, unless the user has set others. */
export const retryDelays = {
  npm_config_fetch_retry_mintimeout: '500',
  npm_config_fetch_retry_maxtimeout: '2000',
}

/**
 * Installs with npm, without its retries at first: without a network it then uses its cache or fails at once. With
 * retries it waits 70 s for each package before it looks into its cache (npm 11.19). After a transient error it is run
 * again with retries.
 *
 * @param run runs `npm install`, and returns why it failed, undefined when it succeeded.
 */
export async function installWithNpm(
  directory: string,
  environment: Environment,
  run: (environment: Environment) => Promise<string | undefined>,
): Promise<string | undefined> {
  const logs = `${directory}/${logFolder}`
  // It wins over omit=dev in the user's .npmrc.
  const shared = {
    ...retryDelays,
    ...environment,
    npm_config_include: 'dev',
    npm_config_logs_dir: logs,
  }
  let failure = await run({ ...shared, npm_config_fetch_retries: '0' })
  const firstCode = failure === undefined ? '' : errorCode(lastLog(logs))
  if (transientCodes.includes(firstCode)) {
    // A name that can't be looked up usually means that there is no network, and npm retries for each package.
    const retries = firstCode === 'EAI_AGAIN' ? { npm_config_fetch_retries: '1' } : {}
    failure = await run({ ...shared, ...retries })
  }
  if (failure === undefined) {
    process.getBuiltinModule('node:fs').rmSync(logs, { recursive: true, force: true })
    return undefined
  }
  const log = lastLog(logs)
  const code = errorCode(log)
  const excluded = tooNew(log, code)
  if (excluded !== undefined) {
    return `${failure}, because ${excluded} is newer than your npm settings min-release-age or before allow (to install it nevertheless, run npm install --min-release-age=0)`
  }
  if (![...transientCodes, ...lastingCodes].includes(code)) return failure
  return `${failure}, because npm could not download a package (${code}; see "Proxies, mirrors and offline use" in README.md)`
}

/**
 * Returns the version that npm may not install because of its age. If another package has it as a peer, npm only says that it
 * found none, as it does after a failed download.
 */
function tooNew(log: string, code: string): string | undefined {
  const named = /notarget No matching version found for (\S+) with a date before/.exec(log)?.[1]
  if (named !== undefined || code !== 'ERESOLVE' || log.includes(' GET 404 ')) return named
  const [, name, version] =
    / error Found: (\S+)@undefined\n[^"]*"([^"]+)" from the root project/.exec(log) ?? []
  return name === undefined ? undefined : `${name}@${version}`
}

/** Returns the log of the newest run of npm; '' if there is none. */
function lastLog(logs: string): string {
  const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs')
  try {
    // Reports of other kinds are in the same folder.
    const names = readdirSync(logs).filter((name) => name.endsWith('.log'))
    return readFileSync(`${logs}/${names.sort().at(-1)}`, 'utf8')
  } catch {
    // npm ended before it wrote a log.
    return ''
  }
}

/** Returns the code of the error that ended a run of npm, from its log; '' if there is none. */
function errorCode(log: string): string {
  const code = / error code (\w+)/.exec(log)?.[1] ?? ''
  // A package that npm could not fetch has no version for it, and so fits no other package's peers.
  const fetches = code === 'ERESOLVE' ? [...log.matchAll(/ http fetch .* failed with (\w+)$/gm)] : []
  return fetches.at(-1)?.[1] ?? code
}
