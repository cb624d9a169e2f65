/**
 * Behind a company's proxy: a namespace in which a proxy with a password is the only way out, to mirrors with a path, a
 * password and a certificate by an authority that nobody knows. Creation, install, setup and models go through it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { startHub } from '../../packages/engine/test/engine/hub.ts'
import {
  type CorporateNetwork,
  createCorporateNetwork,
  mirroredModel,
  plainPath,
  secrets,
} from '../support/corporate-network.ts'
import { answerTo } from '../support/hello.ts'
import { mirrorNames } from '../support/mirror.ts'
import type { Ran } from '../support/namespace.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { needs } from '../support/programs/needs.ts'
import { basePython, pretending, setupProject, sharedPython } from '../support/setup-project.ts'
import { builtTool } from '../support/tool.ts'

const linux = process.platform === 'linux'

describe.runIf(linux)(
  'behind a proxy that is the only way out',
  needs('ip', 'unshare', 'nsenter', 'openssl'),
  () => {
    let company: CorporateNetwork
    let tool: string
    let project: string
    let created: Ran
    let caches = 0

    /** What a user has set besides, for one command. */
    const run = async (command: string[], settings: NodeJS.ProcessEnv): Promise<Ran> =>
      await company.namespace.run(command, { cwd: project, env: { ...company.environment, ...settings } })

    /** Which of the company's servers a piece of work asked for, by the proxy, and nothing else. */
    async function servers(
      work: () => Promise<Ran>,
    ): Promise<{ ran: Ran; through: string[]; astray: number }> {
      const before = { asked: company.proxy.asked.length, astray: company.namespace.traffic().withoutRoute }
      const ran = await work()
      const through = [...new Set(company.proxy.asked.slice(before.asked))].sort()
      return { ran, through, astray: company.namespace.traffic().withoutRoute - before.astray }
    }

    /** Caches that nothing is in yet. */
    const emptyCaches = (): NodeJS.ProcessEnv => {
      const folder = join(company.folder, `caches ${++caches}`)
      return {
        UV_CACHE_DIR: join(folder, 'uv'),
        PIP_CACHE_DIR: join(folder, 'pip'),
        npm_config_cache: join(folder, 'npm'),
      }
    }

    const secure = (name: keyof typeof mirrorNames) => `CONNECT ${mirrorNames[name]}:443`

    beforeAll(async () => {
      tool = await builtTool()
      company = await createCorporateNetwork()
      project = join(company.folder, 'my app')
      // A user who has configured npm and pip, as their company's manual says, and never heard of uv.
      company.writeNpmrc(`https-proxy=${company.proxyUrl}`, `cafile=${company.authority.certificate}`)
      created = await company.namespace.run(
        ['node', tool, project, '--yes', '--template', 'node', '--model', 'hello', '--no-git'],
        { cwd: company.folder, env: { ...company.environment, PIP_INDEX_URL: company.indexUrl } },
      )
    })

    afterAll(async () => await company?.[Symbol.asyncDispose]())

    it('creates, installs and sets up with the settings of npm and pip', () => {
      expect(created.exitCode, created.all).toBe(0)
      expect(created.all).toContain('uv, fetched with the pip of')
      expect(created.all).toContain('Packages from requirements.lock')
      expect([...new Set(company.proxy.asked)].sort()).toEqual([secure('index'), secure('registry')])
      expect(company.namespace.traffic().withoutRoute).toBe(0)
      const asked = (pattern: RegExp) => company.mirror.asked.some((address) => pattern.test(address))
      expect(asked(/^registry\.test\/company\/npm\/.*\.tgz$/)).toBe(true)
      expect(asked(/^packages\.test\/company\/files\/uv-/)).toBe(true)
      expect(asked(/^packages\.test\/company\/files\/mlx-/)).toBe(true)
    })

    it('answers, and doctor finds no problem', async () => {
      const { ran, through, astray } = await servers(() => run(['npm', 'run', 'doctor'], {}))
      expect(ran.exitCode, ran.all).toBe(0)
      const question = 'Say hello.'
      const asked = await servers(() => run(['npm', '-s', 'start', '--', question], {}))
      expect(asked.ran.stdout, asked.ran.stderr).toBe(answerTo(question))
      expect([through, asked.through, astray, asked.astray]).toEqual([[], [], 0, 0])
    })

    it('writes and prints none of the passwords', () => {
      const files = readdirSync(project, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/node_modules|\.mlx/.test(entry.parentPath))
        .map((entry) => join(entry.parentPath, entry.name))
      expect(files.length).toBeGreaterThan(30)
      const texts = [created.all, ...files.map((path) => readFileSync(path, 'latin1'))]
      for (const secret of Object.values(secrets)) {
        expect(texts.filter((text) => text.includes(secret))).toEqual([])
      }
    })

    it('sets up with pip, using the proxy and certificate of Node and the index of uv', async () => {
      company.writeNpmrc()
      const { ran, through, astray } = await servers(() =>
        run(['npm', 'run', 'setup', '--', '--env', 'pip', '--fresh'], {
          ...emptyCaches(),
          HTTPS_PROXY: company.proxyUrl,
          NODE_EXTRA_CA_CERTS: company.authority.certificate,
          UV_DEFAULT_INDEX: company.indexUrl,
        }),
      )
      expect(ran.exitCode, ran.all).toBe(0)
      expect(ran.stdout).toContain('pip of ')
      expect([through, astray]).toEqual([[secure('index')], 0])
    })

    it('sets up with uv, using lower-case variables and a complete certificate bundle', async () => {
      const { ran, through, astray } = await servers(() =>
        run(['npm', 'run', 'setup', '--', '--env', 'uv', '--fresh'], {
          ...emptyCaches(),
          https_proxy: company.proxyUrl,
          SSL_CERT_FILE: company.authority.certificate,
          PIP_INDEX_URL: company.indexUrl,
        }),
      )
      expect(ran.exitCode, ran.all).toBe(0)
      expect(ran.stdout).toContain('uv, fetched with the pip of')
      expect([through, astray]).toEqual([[secure('index')], 0])
    })

    it('downloads a model from a mirror of the hub, and the model then answers without it', async () => {
      const settings = {
        HTTPS_PROXY: company.proxyUrl,
        NODE_EXTRA_CA_CERTS: company.authority.certificate,
        HF_ENDPOINT: company.hubUrl,
      }
      const pulled = await servers(() => run(['npm', 'run', 'models', '--', 'pull', mirroredModel], settings))
      expect(pulled.ran.exitCode, pulled.ran.all).toBe(0)
      expect([pulled.through, pulled.astray]).toEqual([[secure('hub')], 0])
      // The description of the model and its files, and no word on who uses it or how.
      const ofHub = company.mirror.asked.filter((address) => address.startsWith(mirrorNames.hub))
      const ofModel = new RegExp(`^${mirrorNames.hub}/(api/models/)?${mirroredModel}(/|\\?|$)`)
      expect(ofHub.filter((address) => !ofModel.test(address))).toEqual([])
      const question = 'Say hello.'
      const asked = await servers(() =>
        run(['npm', '-s', 'start', '--', question], { MLX_MODEL: mirroredModel, HF_HUB_OFFLINE: '1' }),
      )
      expect(asked.ran.stdout, asked.ran.stderr).toBe(answerTo(question))
      expect([asked.through, asked.astray]).toEqual([[], 0])
    })

    it('contacts a server through the proxy if Node is configured to, and one on loopback directly', async () => {
      const program = join(project, 'remote.ts')
      writeFileSync(program, remoteProgram)
      const { ran, through, astray } = await servers(
        async () =>
          await run(['node', '--import', 'tsx', program], {
            PATH: `${await nodeFolder('24')}:${company.environment.PATH}`,
            NODE_USE_ENV_PROXY: '1',
            HTTP_PROXY: company.proxyUrl,
            HTTPS_PROXY: company.proxyUrl,
            NODE_EXTRA_CA_CERTS: company.authority.certificate,
          }),
      )
      expect(ran.stdout.split('\n'), ran.stderr).toEqual(['near', 'MODEL_NOT_FOUND'])
      // The company's hub is no server of models, which it says.
      expect([through, astray]).toEqual([[secure('hub')], 0])
    })

    it('detects requests that bypass the proxy', async () => {
      const { ran, through, astray } = await servers(() =>
        run(['npm', 'run', 'models', '--', 'pull', 'somebody/another'], { HF_ENDPOINT: company.hubUrl }),
      )
      expect(ran.exitCode, ran.all).toBe(1)
      expect(through).toEqual([])
      expect(astray).toBeGreaterThan(0)
    })

    it('requests a Python from the mirror if this machine has no compatible one', async () => {
      const old = plainPath(join(company.folder, 'old'))
      const python = join(old, 'python3')
      writeFileSync(python, `#!/bin/sh\n${pretending(await basePython(), '3.9.6')}\n`, { mode: 0o755 })
      const { ran, through, astray } = await servers(() =>
        run(['npm', 'run', 'setup', '--', '--env', 'uv', '--fresh'], {
          ...emptyCaches(),
          PATH: old,
          HTTPS_PROXY: company.proxyUrl,
          NODE_EXTRA_CA_CERTS: company.authority.certificate,
          PIP_INDEX_URL: company.indexUrl,
          // uv asks a Python itself how old it is.
          UV_PYTHON_PREFERENCE: 'only-managed',
          UV_PYTHON_INSTALL_MIRROR: `${company.pythonsUrl}/company`,
        }),
      )
      // It has none: what counts is who was asked.
      expect(ran.exitCode, ran.all).toBe(1)
      expect(ran.stderr).toContain('The virtual environment could not be created')
      expect(ran.stderr).toContain('node_modules/mlx-app/docs/network.md')
      expect(company.mirror.asked.at(-1)).toMatch(/^pythons\.test\/company\/\d+\/cpython-3\.\d+\.\d+.*\.tar/)
      expect([through, astray]).toEqual([[secure('index'), secure('pythons')], 0])
    })

    it.each([
      ['a certificate authority that Node does not trust', {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ['an unreachable proxy', { HTTPS_PROXY: 'http://user:proxy-secret@192.0.2.1:9' }, 'ECONNREFUSED'],
    ])('reports the cause of the failure: %s', async (_, settings, code) => {
      company.writeNpmrc()
      const target = join(company.folder, `failed ${code}`)
      const { exitCode, all, seconds } = await run(
        ['node', tool, target, '--yes', '--template', 'node', '--model', 'hello', '--no-git'],
        { ...emptyCaches(), HTTPS_PROXY: company.proxyUrl, ...settings },
      )
      expect(exitCode, all).toBe(1)
      expect(all).toContain(
        `Could not install the packages: exit code 1, because npm could not download a package (${code}; see "Proxies, mirrors and offline use" in README.md)`,
      )
      expect(all).toContain('To finish, run there: npm install && npm run setup')
      expect(seconds).toBeLessThan(20)
      expect(existsSync(join(target, 'package.json'))).toBe(true)
      // npm's own report names the proxy, without its password.
      expect(all).not.toContain(secrets.proxy)
    })
  },
)

/** Asks a server in the same process, and one behind the proxy, for their models. */
const remoteProgram = `
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createEngine } from 'mlx-app'

const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ object: 'list', data: [{ id: 'near', object: 'model' }] }))
}).listen(0, '127.0.0.1')
await once(server, 'listening')
for (const baseUrl of ['http://127.0.0.1:' + server.address().port, 'https://hub.test']) {
  const engine = await createEngine({ baseUrl, server: 'compatible' })
  console.log(await engine.models().then(([found]) => found.model, ({ code }) => code))
  await engine.dispose()
}
server.close()
`

it.runIf(linux)('sends no loopback request through a proxy', async () => {
  await using hub = await startHub(mirroredModel, join(pythonDirectory, 'src', 'mlx_app', 'hello'))
  const project = await setupProject()
  onTestFinished(() => project.remove())
  const nowhere = 'http://127.0.0.1:9'
  const program = join(project.root, 'node_modules', 'mlx-app', 'dist', 'command-line.js')
  const env = {
    MLX_PYTHON: sharedPython,
    HF_ENDPOINT: hub.address,
    HF_HOME: join(project.root, 'home'),
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: 'intranet.test',
    no_proxy: 'intranet.test',
  }
  for (const words of [['setup'], ['models', 'pull', mirroredModel]]) {
    const ran = await execa(process.execPath, [program, ...words], {
      cwd: project.root,
      env,
      reject: false,
      all: true,
    })
    expect(ran.exitCode, ran.all).toBe(0)
  }
  expect(hub.requests.length).toBeGreaterThan(0)
})
