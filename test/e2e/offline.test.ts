/**
 * Without a network: in a namespace that has none, with caches that an earlier project filled, with a folder of wheels,
 * and with nothing at all.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { plainPath } from '../support/corporate-network.ts'
import { answerTo } from '../support/hello.ts'
import { createNamespace, type Namespace, type Ran } from '../support/namespace.ts'
import { needs } from '../support/programs/needs.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { bareMachine, basePython } from '../support/setup-project.ts'
import { secondsWithoutWait } from '../support/time-limits.ts'
import { builtTool } from '../support/tool.ts'
import { lockedWheels, wheelsCommand } from '../support/wheels.ts'

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-offline-'))
const project = join(folder, 'my app')
const question = 'Say hello.'
const flags = ['--yes', '--template', 'node', '--model', 'hello', '--no-git']

describe.runIf(process.platform === 'linux')('without a network', needs('ip', 'unshare', 'nsenter'), () => {
  let tool: string
  let registry: Registry
  let network: Namespace
  let wheels: string
  /** A machine with uv on it, and caches that are warm. */
  let environment: NodeJS.ProcessEnv
  let caches = 0
  /** How long the first project took, which had a network. */
  let secondsOnline = 0

  beforeAll(async () => {
    tool = await builtTool()
    registry = await startRegistry({ tarballs: [] })
    network = await createNamespace()
    wheels = await lockedWheels()
    const machine = bareMachine()
    machine.remove()
    const home = join(folder, 'home')
    mkdirSync(home)
    writeFileSync(join(home, '.npmrc'), `registry=${registry.url}/\n`)
    const path = plainPath(join(folder, 'bin'), await basePython())
    cpSync(await obtainUv(), join(path, 'uv'))
    const { PIP_FIND_LINKS: _, UV_FIND_LINKS: __, ...settings } = machine.environment
    environment = { ...settings, HOME: home, PATH: path, CI: 'true' }
    // The registry is on loopback, so the proxy that is not there is no hindrance.
    const proxied = { HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9' }
    const first = join(folder, 'first')
    const made = await execa('node', [tool, first, ...flags], {
      cwd: folder,
      env: { ...environment, ...proxied },
      extendEnv: false,
      stdin: 'ignore',
    })
    expect(made.stdout).toContain('Packages from requirements.lock')
    secondsOnline = made.durationMs / 1000
    rmSync(first, { recursive: true })
  })

  afterAll(async () => {
    await network?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = async (command: string[], settings: NodeJS.ProcessEnv = {}, cwd = project): Promise<Ran> =>
    await network.run(command, { cwd, env: { ...environment, ...settings } })

  const setup = (way: string, settings: NodeJS.ProcessEnv) =>
    run(['npm', 'run', 'setup', '--', '--env', way, '--fresh'], { ...emptyCaches(), ...settings })

  const emptyCaches = (): NodeJS.ProcessEnv => {
    const place = join(folder, `caches ${++caches}`)
    return {
      UV_CACHE_DIR: join(place, 'uv'),
      PIP_CACHE_DIR: join(place, 'pip'),
      npm_config_cache: join(place, 'npm'),
    }
  }

  /** The failed setup had been asked for a fresh start, and still kept what worked. */
  const expectFormerEnvironment = (): void => {
    expect(existsSync(join(project, '.mlx', 'venv', 'bin', 'python'))).toBe(true)
    expect(existsSync(join(project, '.mlx', 'environment.json'))).toBe(true)
    expect(existsSync(join(project, '.mlx', 'former'))).toBe(false)
  }

  it('creates, installs, sets up and answers from warm caches', async () => {
    // As if the first project had been made long ago: what is in npm's cache has to be looked at again, and can't be.
    const created = await run(['node', tool, project, ...flags], { npm_config_prefer_online: 'true' }, folder)
    expect(created.exitCode, created.all).toBe(0)
    expect(created.all).toContain('Packages from requirements.lock')
    expect(created.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
    expect(existsSync(join(project, '.mlx', 'npm-logs'))).toBe(false)
    const asked = await run(['npm', '-s', 'start', '--', question])
    expect(asked.stdout, asked.stderr).toBe(answerTo(question))
  })

  it('names a model that cannot be downloaded', async () => {
    for (const settings of [{ HF_HUB_OFFLINE: '1' }, {}]) {
      const pulled = await run(['npm', 'run', 'models', '--', 'pull', 'somebody/a-model'], settings)
      expect(pulled.exitCode, pulled.all).toBe(1)
      expect(pulled.stderr).toContain('somebody/a-model')
      expect(pulled.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
    }
  })

  it('installs again without delay, as the README describes', async () => {
    rmSync(join(project, 'node_modules'), { recursive: true })
    rmSync(join(project, 'package-lock.json'))
    const installed = await run(['npm', 'install', '--prefer-offline'])
    expect(installed.exitCode, installed.all).toBe(0)
    expect(installed.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
    const read = (path: string) => readFileSync(join(project, path), 'utf8')
    const page = 'node_modules/mlx-app/docs/network.md'
    expect(read('README.md')).toContain(`](${page})`)
    expect(read(page).replaceAll(/ \\\n +/g, ' ')).toContain(`\n${wheelsCommand}\n`)
  })

  describe('with a folder of wheels', () => {
    const withoutUv = () => join(folder, 'no uv')

    beforeAll(async () => void plainPath(withoutUv(), await basePython()))

    it('sets up with a uv from the same folder', async () => {
      const offline = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels, PATH: withoutUv() }
      const outcome = await setup('uv', offline)
      expect(outcome.exitCode, outcome.all).toBe(0)
      expect(outcome.stdout).toContain('uv, fetched with the pip of')
    })

    it('sets up with pip', async () => {
      const outcome = await setup('pip', { UV_OFFLINE: '1', UV_FIND_LINKS: wheels })
      expect(outcome.exitCode, outcome.all).toBe(0)
      const asked = await run(['npm', '-s', 'start', '--', question])
      expect(asked.stdout, asked.stderr).toBe(answerTo(question))
    })

    it.each(['uv', 'pip'])('refuses a wheel that does not match the lock, with %s', async (way) => {
      const changed = join(folder, `changed-${way}`)
      cpSync(wheels, changed, { recursive: true })
      const name = readdirSync(changed).find((wheel) => wheel.startsWith('annotated_doc-')) ?? ''
      writeFileSync(join(changed, name), 'something else')
      const outcome = await setup(way, { UV_OFFLINE: '1', UV_FIND_LINKS: changed, PIP_FIND_LINKS: changed })
      expect(outcome.exitCode, outcome.all).toBe(1)
      expect(outcome.stderr).toContain('The packages could not be installed')
      expectFormerEnvironment()
    })
  })

  describe('with empty caches', () => {
    it('keeps the project, and says what npm could not download', async () => {
      const target = join(folder, 'cold')
      const settings = { ...emptyCaches(), npm_config_registry: 'http://registry.test/' }
      const created = await run(['node', tool, target, ...flags], settings, folder)
      expect(created.exitCode, created.all).toBe(1)
      expect(created.all).toContain(
        `Could not install the packages: exit code 1, because npm could not download a package (EAI_AGAIN; see "Proxies, mirrors and offline use" in README.md). The project is in ${target}. To finish, run there: npm install && npm run setup`,
      )
      expect(created.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
      expect(existsSync(join(target, 'package.json'))).toBe(true)
    })

    it.each(['uv', 'pip'])(
      'says that %s could not install the packages, and leaves the environment that was there',
      async (way) => {
        const outcome = await setup(way, {})
        expect(outcome.exitCode, outcome.all).toBe(1)
        expect(outcome.stderr).toContain('The packages could not be installed')
        expect(outcome.stderr).toContain('node_modules/mlx-app/docs/network.md')
        expect(outcome.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
        expectFormerEnvironment()
      },
    )

    it('falls back to pip if uv is missing, and fails if pip fails too', async () => {
      const outcome = await run(['npm', 'run', 'setup', '--', '--fresh'], {
        ...emptyCaches(),
        PATH: join(folder, 'no uv'),
        // How long pip itself waits was seen in the test before.
        PIP_RETRIES: '1',
      })
      expect(outcome.exitCode, outcome.all).toBe(1)
      expect(outcome.stdout).toContain('Using pip instead')
      expect(outcome.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
    })
  })
})
