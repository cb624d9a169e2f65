import type { CommandOptions } from '../process/commands.ts'

/** Codes in npm's log of what a second try may mend: a lost connection, a busy registry. */
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

/** Codes of what stands between npm and its registry until the user changes something. */
const networkCodes = [
  ...['ENOTFOUND', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'E407', 'CERT_HAS_EXPIRED'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
]

/** Where npm's log lies while the packages are installed, and stays when they could not be: git takes no notice. */
const logFolder = '.mlx/npm-logs'

/** What a try of `npm install` is run with. */
type Environment = CommandOptions['env']

/** Retries that are not as far apart as the package manager's own, unless the user set it otherwise. */
export const retryDelays = {
  npm_config_fetch_retry_mintimeout: '500',
  npm_config_fetch_retry_maxtimeout: '2000',
}

/**
 * Installs with npm, first without its retries: where there is no network it then takes what its cache has, or fails, at
 * once. With them it waits 70 s for each package before it looks there (npm 11.19). A try that ended with a passing error is
 * followed by one with retries.
 *
 * @param run runs `npm install`; gives why it failed, undefined when it did not.
 */
export async function installWithNpm(
  directory: string,
  environment: Environment,
  run: (environment: Environment) => Promise<string | undefined>,
): Promise<string | undefined> {
  const logs = `${directory}/${logFolder}`
  const patient = { ...retryDelays, ...environment, npm_config_logs_dir: logs }
  let failure = await run({ ...patient, npm_config_fetch_retries: '0' })
  const trouble = failure === undefined ? '' : lastErrorCode(logs)
  if (transientCodes.includes(trouble)) {
    // Names that can't be looked up mostly mean that there is no network, and npm waits once for each package.
    const retries = trouble === 'EAI_AGAIN' ? { npm_config_fetch_retries: '1' } : {}
    failure = await run({ ...patient, ...retries })
  }
  if (failure === undefined) {
    process.getBuiltinModule('node:fs').rmSync(logs, { recursive: true, force: true })
    return undefined
  }
  const code = lastErrorCode(logs)
  if (![...transientCodes, ...networkCodes].includes(code)) return failure
  return `${failure}, as npm did not get what it needs from its registry (${code}; see "Behind a proxy, offline" in README.md)`
}

/** The code of the error that ended the newest run of npm; '' where there is none. */
function lastErrorCode(logs: string): string {
  const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs')
  try {
    // Reports of other kinds lie beside the logs.
    const names = readdirSync(logs).filter((name) => name.endsWith('.log'))
    const log = readFileSync(`${logs}/${names.sort().at(-1)}`, 'utf8')
    const code = / error code (\w+)/.exec(log)?.[1] ?? ''
    // To npm, a package that it could not fetch has no version, so it fits no other package's peers.
    const fetches = code === 'ERESOLVE' ? [...log.matchAll(/ http fetch .* failed with (\w+)$/gm)] : []
    return fetches.at(-1)?.[1] ?? code
  } catch {
    // npm did not come as far as a log.
    return ''
  }
}
