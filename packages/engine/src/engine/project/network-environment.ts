import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Project } from './project.ts'

const loopback = ['localhost', '127.0.0.1', '::1']

/**
 * The environment for a program that downloads: what the user set for Node and npm alone, their company's proxy and
 * certificate authority, in the names that uv, pip and the hub's library know. What they set for these stays as it is,
 * and loopback is never sent through a proxy.
 *
 * @param project in whose folder `.mlx` a file with certificates may be written; without one there is none.
 */
export function networkEnvironment(
  environment: NodeJS.ProcessEnv,
  project?: Pick<Project, 'environmentFile'>,
): NodeJS.ProcessEnv {
  const direct = withoutProxy(environment)
  return {
    ...environment,
    ...proxies(environment),
    ...certificates(environment, project),
    NO_PROXY: direct,
    no_proxy: direct,
  }
}

/** The names that no proxy is used for: the user's and loopback. */
function withoutProxy(environment: NodeJS.ProcessEnv): string {
  const given = environment.NO_PROXY || environment.no_proxy || (environment.npm_config_noproxy ?? '')
  const names = given.split(',').map((name) => name.trim())
  if (names.includes('*')) return given
  return [...new Set([...names, ...loopback])].filter((name) => name !== '').join(',')
}

/** npm hands the settings of a user's .npmrc to its scripts in these names. */
function proxies(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { npm_config_proxy: plain, npm_config_https_proxy: secure = plain } = environment
  const known = (name: string) => environment[name] || environment[name.toLowerCase()]
  return {
    ...(secure && !known('HTTPS_PROXY') && !known('ALL_PROXY') ? { HTTPS_PROXY: secure } : {}),
    ...(plain && !known('HTTP_PROXY') && !known('ALL_PROXY') ? { HTTP_PROXY: plain } : {}),
  }
}

/** uv and the hub's library read SSL_CERT_FILE, pip PIP_CERT: each in place of the authorities that it brings. */
function certificates(
  environment: NodeJS.ProcessEnv,
  project: Pick<Project, 'environmentFile'> | undefined,
): NodeJS.ProcessEnv {
  const { SSL_CERT_FILE, SSL_CERT_DIR, PIP_CERT, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE } = environment
  const ofPip = PIP_CERT || REQUESTS_CA_BUNDLE || CURL_CA_BUNDLE
  const given = SSL_CERT_FILE || ofPip
  const file = given || (SSL_CERT_DIR ? undefined : ownAuthorities(environment, project))
  if (!file) return {}
  return {
    ...(SSL_CERT_FILE || SSL_CERT_DIR ? {} : { SSL_CERT_FILE: file }),
    ...(ofPip ? {} : { PIP_CERT: file }),
  }
}

/** What Node trusts where the user gave it, or npm, an authority of their own: Node's list and theirs, in one file. */
function ownAuthorities(
  environment: NodeJS.ProcessEnv,
  project: Pick<Project, 'environmentFile'> | undefined,
): string | undefined {
  const own = environment.NODE_EXTRA_CA_CERTS || environment.npm_config_cafile
  if (!own || project === undefined) return undefined
  const text = readIfThere(own)
  // Node has said so already.
  if (text === undefined) return undefined
  // Loaded only here: hardly anyone needs it, and it takes a while.
  const { rootCertificates } = process.getBuiltinModule('node:tls')
  const whole = `${[text.trim(), ...rootCertificates].join('\n')}\n`
  const bundle = join(dirname(project.environmentFile), 'certificates.pem')
  if (readIfThere(bundle) === whole) return bundle
  try {
    mkdirSync(dirname(bundle), { recursive: true })
    const part = `${bundle}.${process.pid}`
    writeFileSync(part, whole)
    renameSync(part, bundle)
    return bundle
  } catch {
    // A project that can't be written to, as in a container: a proxy that looks into everything needs this one alone.
    return own
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not there or not readable: both mean that there is nothing to use.
    return undefined
  }
}

/**
 * Keeps what this process itself asks of loopback off the proxy that NODE_USE_ENV_PROXY makes Node use: `fetch` looks
 * at NO_PROXY with each request.
 */
export function keepLoopbackDirect(environment: NodeJS.ProcessEnv = process.env): void {
  if (!environment.NODE_USE_ENV_PROXY && !process.execArgv.includes('--use-env-proxy')) return
  environment.NO_PROXY = withoutProxy(environment)
  environment.no_proxy = environment.NO_PROXY
}
