import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { keepLoopbackDirect, networkEnvironment } from '../../src/engine/project/index.ts'
import { packageIndexes } from '../../src/setup/process/package-indexes.ts'

/** Creates the folder of a project, and a file with the certificate authority of a company. */
function place() {
  const folder = mkdtempSync(join(tmpdir(), 'mlx-app-network-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const own = join(folder, 'company.pem')
  const text = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n-----END CERTIFICATE-----`
  writeFileSync(own, `${text}\n`)
  const bundle = join(folder, '.mlx', 'certificates.pem')
  return { own, text, bundle, project: { environmentFile: join(folder, '.mlx', 'environment.json') } }
}

it('only excludes loopback from proxies if nothing is set', () => {
  const { project, bundle } = place()
  const direct = 'localhost,127.0.0.1,::1'
  expect(networkEnvironment({ PATH: '/bin' }, project)).toEqual({
    PATH: '/bin',
    NO_PROXY: direct,
    no_proxy: direct,
  })
  expect(existsSync(bundle)).toBe(false)
})

it("uses npm's settings if the user set no others", () => {
  const npm = {
    npm_config_proxy: 'http://a.test:1',
    npm_config_https_proxy: 'http://b.test:2',
    npm_config_noproxy: 'intranet.test',
  }
  expect(networkEnvironment(npm)).toMatchObject({
    HTTP_PROXY: 'http://a.test:1',
    HTTPS_PROXY: 'http://b.test:2',
    NO_PROXY: 'intranet.test,localhost,127.0.0.1,::1',
  })
  expect(networkEnvironment({ npm_config_proxy: 'http://a.test:1' }).HTTPS_PROXY).toBe('http://a.test:1')
  const own = networkEnvironment({ ...npm, https_proxy: 'http://c.test:3', NO_PROXY: 'x.test' })
  expect(own.HTTPS_PROXY).toBeUndefined()
  expect(own.NO_PROXY).toBe('x.test,localhost,127.0.0.1,::1')
  expect(networkEnvironment({ ...npm, ALL_PROXY: 'http://d.test:4' }).HTTPS_PROXY).toBeUndefined()
})

it.each(['NODE_EXTRA_CA_CERTS', 'npm_config_cafile'])(
  'adds the file of %s to the authorities that Node trusts',
  (name) => {
    const { project, own, text, bundle } = place()
    const environment = networkEnvironment({ [name]: own }, project)
    expect(environment).toMatchObject({ SSL_CERT_FILE: bundle, PIP_CERT: bundle })
    const certificates = readFileSync(bundle, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/)
    expect(certificates).toEqual([text, ...rootCertificates].map((certificate) => `${certificate}\n`))
    // The bundle is written again after the user's file has changed.
    writeFileSync(own, text.replaceAll('A', 'B'))
    networkEnvironment({ [name]: own }, project)
    expect(readFileSync(bundle, 'utf8')).toContain('BBBB')
  },
)

it.each([
  [{ SSL_CERT_FILE: 'a' }, { SSL_CERT_FILE: 'a', PIP_CERT: 'a' }],
  [{ PIP_CERT: 'b' }, { SSL_CERT_FILE: 'b', PIP_CERT: 'b' }],
  [{ REQUESTS_CA_BUNDLE: 'c' }, { SSL_CERT_FILE: 'c', REQUESTS_CA_BUNDLE: 'c' }],
  [
    { SSL_CERT_FILE: 'a', PIP_CERT: 'b' },
    { SSL_CERT_FILE: 'a', PIP_CERT: 'b' },
  ],
  [{ SSL_CERT_DIR: 'd' }, { SSL_CERT_DIR: 'd' }],
])('keeps %o, and passes it on to the other programs', (given, expected) => {
  const { project, own, bundle } = place()
  const {
    NO_PROXY: _,
    no_proxy: __,
    ...environment
  } = networkEnvironment({ ...given, NODE_EXTRA_CA_CERTS: own }, project)
  expect(environment).toEqual({ ...expected, NODE_EXTRA_CA_CERTS: own })
  expect(existsSync(bundle)).toBe(false)
})

it('ignores a missing file, and uses only the file if the bundle cannot be written', () => {
  const { project, own, bundle } = place()
  expect(networkEnvironment({ NODE_EXTRA_CA_CERTS: '/no/such.pem' }, project).SSL_CERT_FILE).toBeUndefined()
  writeFileSync(join(bundle, '..'), 'a file in the way')
  expect(networkEnvironment({ NODE_EXTRA_CA_CERTS: own }, project).SSL_CERT_FILE).toBe(own)
})

it('passes mirrors from pip to uv, and from uv to pip', () => {
  const index = 'https://mirror.test/simple'
  expect(packageIndexes({ PIP_INDEX_URL: index })).toEqual({ UV_DEFAULT_INDEX: index })
  expect(packageIndexes({ UV_DEFAULT_INDEX: index })).toEqual({ PIP_INDEX_URL: index })
  expect(packageIndexes({ UV_INDEX_URL: index })).toEqual({ PIP_INDEX_URL: index })
  expect(packageIndexes({ UV_DEFAULT_INDEX: 'a', PIP_INDEX_URL: 'b' })).toEqual({})
  expect(packageIndexes({ UV_FIND_LINKS: '/a,/b' })).toEqual({ PIP_FIND_LINKS: '/a /b' })
  // pip separates paths with spaces, so the path must not contain one.
  const folder = '/'
  expect(packageIndexes({ PIP_FIND_LINKS: `${folder} /no/such/folder` })).toEqual({ UV_FIND_LINKS: folder })
  expect(packageIndexes({ PIP_NO_INDEX: '1' })).toEqual({ UV_OFFLINE: '1' })
  expect(packageIndexes({ UV_OFFLINE: 'true' })).toEqual({ PIP_NO_INDEX: '1' })
  expect(packageIndexes({ UV_OFFLINE: '0', PIP_NO_INDEX: 'false' })).toEqual({})
})

it('excludes loopback from a proxy that Node itself uses', () => {
  const environment: NodeJS.ProcessEnv = { NO_PROXY: 'a.test' }
  keepLoopbackDirect(environment)
  expect(environment).toEqual({ NO_PROXY: 'a.test' })
  const proxied: NodeJS.ProcessEnv = { NODE_USE_ENV_PROXY: '1', NO_PROXY: 'a.test' }
  keepLoopbackDirect(proxied)
  const direct = 'a.test,localhost,127.0.0.1,::1'
  expect(proxied).toEqual({ NODE_USE_ENV_PROXY: '1', NO_PROXY: direct, no_proxy: direct })
})
