/** A machine behind a company's proxy, which is the only route to the network and only reaches the company's mirrors. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { startHub } from '../../packages/engine/test/engine/hub.ts'
import { findOnPath } from '../../src/machine/search-path.ts'
import { type CertificateAuthority, createCertificateAuthority } from './certificate-authority.ts'
import { type ConnectProxy, startProxy } from './connect-proxy.ts'
import { type Mirror, mirrorNames, registryPath, startMirror } from './mirror.ts'
import { createNamespace, gateway, type Namespace } from './namespace.ts'
import { startRegistry } from './registry.ts'
import { basePython } from './setup-project.ts'
import { lockedWheels } from './wheels.ts'

/** The model on its hub, which is the hello model under another name. */
export const mirroredModel = 'somebody/hello-mlx'

/** Passwords that must never be printed. */
export const secrets = { proxy: 'proxy-secret', registry: 'registry-secret', index: 'index-secret' }

export interface CorporateNetwork extends AsyncDisposable {
  folder: string
  authority: CertificateAuthority
  namespace: Namespace
  proxy: ConnectProxy
  mirror: Mirror
  /** URLs, with passwords if they need one. */
  proxyUrl: string
  registryUrl: string
  indexUrl: string
  hubUrl: string
  pythonsUrl: string
  /** The environment of a user: a home folder, and a PATH with Node and Python, but nothing else of this machine. */
  environment: NodeJS.ProcessEnv
  /** Writes the .npmrc of the user with the registry, its token, and further lines. */
  writeNpmrc(...lines: string[]): void
}

/** Starts the proxy, the mirrors and the network namespace. */
export async function createCorporateNetwork(): Promise<CorporateNetwork> {
  const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-company-'))
  const parts: AsyncDisposable[] = []
  const use = <Part extends AsyncDisposable>(part: Part): Part => {
    parts.unshift(part)
    return part
  }
  const names = Object.values(mirrorNames)
  const authority = await createCertificateAuthority(folder, names)
  const registry = use(await startRegistry({ tarballs: [] }))
  const hub = use(await startHub(mirroredModel, join(pythonDirectory, 'src', 'mlx_app', 'hello')))
  const mirror = use(
    await startMirror({
      certificate: authority.server,
      registry: registry.url,
      registryToken: secrets.registry,
      wheels: await lockedWheels(),
      indexCredentials: `user:${secrets.index}`,
      hub: hub.address,
    }),
  )
  const proxy = use(
    await startProxy({
      socket: join(folder, 'proxy'),
      credentials: `user:${secrets.proxy}`,
      routes: Object.fromEntries(names.map((name) => [`${name}:443`, mirror.port])),
    }),
  )
  const namespace = use(await createNamespace(proxy.socket))
  const home = join(folder, 'home')
  const registryUrl = `https://${mirrorNames.registry}${registryPath}/`
  mkdirSync(home)
  return {
    folder,
    authority,
    namespace,
    proxy,
    mirror,
    proxyUrl: `http://${proxy.credentials}@${gateway}:${namespace.port}`,
    registryUrl,
    indexUrl: `https://user:${secrets.index}@${mirrorNames.index}/company/simple`,
    hubUrl: `https://${mirrorNames.hub}`,
    pythonsUrl: `https://${mirrorNames.pythons}`,
    environment: {
      HOME: home,
      PATH: plainPath(join(folder, 'bin'), await basePython()),
      LANG: 'C.UTF-8',
      CI: 'true',
    },
    writeNpmrc: (...lines) => {
      const token = `${registryUrl.slice('https:'.length)}:_authToken=${secrets.registry}`
      writeFileSync(join(home, '.npmrc'), `${[`registry=${registryUrl}`, token, ...lines].join('\n')}\n`)
    },
    [Symbol.asyncDispose]: async () => {
      for (const part of parts) await part[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Creates a folder for the PATH with Node, npm, a shell and one Python. @returns the folder. */
export function plainPath(folder: string, python?: string): string {
  mkdirSync(folder, { recursive: true })
  for (const name of ['node', 'npm', 'npx', 'sh']) {
    const path = name === 'node' ? process.execPath : findOnPath(name, process.env)
    if (path === undefined) throw new Error(`${name} is not on the PATH`)
    symlinkSync(realpathSync(path), join(folder, name))
  }
  if (python !== undefined)
    writeFileSync(join(folder, 'python3'), `#!/bin/sh\nexec '${python}' "$@"\n`, { mode: 0o755 })
  return folder
}
