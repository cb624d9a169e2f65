import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Project } from './project.ts'

const loopback = ['localhost', '127.0.0.1', '::1']

/**
 * Returns the environment for a program that downloads. A proxy and a certificate authority that are only set for Node
 * and npm get the names that uv, pip and the hub's library know. Variables that are set for those stay as they are.
 * Loopback addresses never go through a proxy.
 *
 * @param project the project whose folder `.mlx` gets a file with certificates; without one, no file is written
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

/** Returns the names that need no proxy: the user's, and loopback. */
function withoutProxy(environment: NodeJS.ProcessEnv): string {
  const given = environment.NO_PROXY || environment.no_proxy || (environment.npm_config_noproxy ?? '')
  const names = given.split(',').map((name) => name.trim())
  if (names.includes('*')) return given
  return [...new Set([...names, ...loopback])].filter((name) => name !== '').join(',')
}

/** Returns the proxies of a user's .npmrc, which npm passes to its scripts as variables. */
function proxies(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { npm_config_proxy: plain, npm_config_https_proxy: secure = plain } = environment
  const known = (name: string) => environment[name] || environment[name.toLowerCase()]
  return {
    ...(secure && !known('HTTPS_PROXY') && !known('ALL_PROXY') ? { HTTPS_PROXY: secure } : {}),
    ...(plain && !known('HTTP_PROXY') && !known('ALL_PROXY') ? { HTTP_PROXY: plain } : {}),
  }
}

/** Returns the variables for the user's authority: SSL_CERT_FILE for uv and the hub's library, and PIP_CERT for pip. */
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

/** Returns a file with Node's certificate authorities and the one that the user set for Node or npm. */
function ownAuthorities(
  environment: NodeJS.ProcessEnv,
  project: Pick<Project, 'environmentFile'> | undefined,
): string | undefined {
  const own = environment.NODE_EXTRA_CA_CERTS || environment.npm_config_cafile
  if (!own || project === undefined) return undefined
  const text = readIfThere(own)
  // Node has already warned about it.
  if (text === undefined) return undefined
  // It is loaded only here, because it takes a while and few users need it.
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
    // The project is read-only, as in a container. A proxy that decrypts everything needs only the user's authority.
    return own
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // A file that is missing or can't be read is not used.
    return undefined
  }
}

/**
 * Makes this process reach loopback addresses directly, even if NODE_USE_ENV_PROXY makes Node use a proxy. `fetch` reads
 * NO_PROXY for each request.
 */
export function keepLoopbackDirect(environment: NodeJS.ProcessEnv = process.env): void {
  if (!environment.NODE_USE_ENV_PROXY && !process.execArgv.includes('--use-env-proxy')) return
  environment.NO_PROXY = withoutProxy(environment)
  environment.no_proxy = environment.NO_PROXY
}
