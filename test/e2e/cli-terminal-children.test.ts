/** Interruptions while real programs work: npm, pip and uv that wait for a registry which never answers. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { descendantsOf, isAlive } from '../../src/process/descendants.ts'
import { temporaryFolder } from '../support/folders.ts'
import { basePython, installPackages } from '../support/setup-project.ts'
import { builtTool, keys, plainEnvironment, programs, runInTerminal, type Terminal } from '../support/tool.ts'

const bin = await builtTool()

/** A registry that takes requests and answers none. */
class SilentRegistry {
  readonly #server: Server
  #asked = (_path: string): void => {}

  constructor() {
    this.#server = createServer(({ url = '' }) => this.#asked(url))
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get address(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The registry does not listen')
    return `http://127.0.0.1:${address.port}`
  }

  /** The next request for something below a path. */
  nextRequest(below: string): Promise<void> {
    return new Promise((resolve) => {
      this.#asked = (path) => {
        if (path.startsWith(below)) resolve()
      }
    })
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

const registry = new SilentRegistry()
let places = 0
const npmProgram = join(process.execPath, '..', 'npm')
const packages = join(mkdtempSync(join(tmpdir(), 'create-mlx-app-packages-')), 'node_modules')
let python: string
let uv: string

beforeAll(async () => {
  await registry.listen()
  python = await basePython()
  uv = await obtainUv()
  await installPackages(packages)
})
afterAll(() => {
  registry.close()
  rmSync(dirname(packages), { recursive: true })
})

/** Variables that lead npm, pip and uv to a place of the registry, with caches that are empty. */
const reachingNothing = (place: string): NodeJS.ProcessEnv => ({
  npm_config_registry: `${registry.address}${place}/`,
  npm_config_cache: temporaryFolder('npm'),
  PIP_INDEX_URL: `${registry.address}${place}/simple`,
  PIP_CACHE_DIR: temporaryFolder('pip'),
  UV_DEFAULT_INDEX: `${registry.address}${place}/simple`,
  UV_CACHE_DIR: temporaryFolder('uv'),
  NO_PROXY: '127.0.0.1',
})

/** npm that takes packages of this machine for an install, and does everything else for real. */
const npmWithPackages = (): string => {
  return `case "$1" in install) ln -s '${packages}' node_modules;; *) exec '${npmProgram}' "$@";; esac`
}

const exec = (program: string) => `exec '${program}' "$@"`

const steps: [
  name: string,
  scripts: () => Record<string, string>,
  flags: string[],
  below: string,
  goOn: string,
][] = [
  ['npm, which installs', () => ({ npm: exec(npmProgram) }), ['--node'], '/', 'npm install && npm run setup'],
  [
    'pip, which sets up Python',
    () => ({ npm: npmWithPackages(), python3: exec(python) }),
    ['--node', '--env', 'pip'],
    '/simple/',
    'npm run setup -- --env pip',
  ],
  [
    'uv, which sets up Python',
    () => ({ npm: npmWithPackages(), python3: exec(python), uv: exec(uv) }),
    ['--node', '--env', 'uv'],
    '/simple/',
    'npm run setup -- --env uv',
  ],
  [
    'pip, which installs a Python project',
    () => ({ python3: exec(python) }),
    ['--python', '--env', 'pip'],
    '/simple/',
    'python3 -m venv .venv && .venv/bin/python -m pip install --require-hashes -r requirements-dev.lock && .venv/bin/python -m pip install --no-deps -e .',
  ],
  [
    'uv, which installs a Python project',
    () => ({ uv: exec(uv) }),
    ['--python', '--env', 'uv'],
    '/simple/',
    'uv sync',
  ],
]

const ways: [string, (terminal: Terminal) => void][] = [
  ['Ctrl-C', (terminal) => terminal.press(keys.interrupt)],
  ['SIGTERM', (terminal) => terminal.kill('SIGTERM')],
  ['closing the terminal', (terminal) => terminal.hangUp()],
]

describe.each(steps)('%s', (_, scripts, flags, path, goOn) => {
  it.each(ways)('ends with all its child processes on %s, and keeps the project', async (way, leave) => {
    const folder = temporaryFolder()
    // Each test asks at a place of its own: what a program asked before it ended may be read later.
    const place = `/${++places}`
    const env = plainEnvironment({
      ...reachingNothing(place),
      PATH: `${programs(scripts())}:/usr/bin:/bin`,
    })
    const asked = registry.nextRequest(`${place}${path}`)
    const command = ['x', '--yes', '--model', 'hello', '--no-git', ...flags]
    const terminal = runInTerminal(bin, command, {
      cwd: folder,
      env,
      columns: 400,
      shell: way !== 'closing the terminal',
    })
    await asked
    const below = descendantsOf([terminal.pid], 'NOBODY=1')
    expect(below.length).toBeGreaterThan(0)
    leave(terminal)
    expect(await terminal.ended).toBe(130)
    expect(below.filter(isAlive)).toEqual([])
    expect(existsSync(join(folder, 'x', 'README.md'))).toBe(true)
    expect(existsSync(join(folder, 'x', '.venv'))).toBe(false)
    // A closed terminal draws nothing any more.
    if (way !== 'closing the terminal') {
      expect(terminal.text()).toContain(
        `Interrupted. The project is in ${join(folder, 'x')}. To finish, run there: ${goOn}`,
      )
    }
  })
})

it('ends quietly while Python creates an environment, and leaves none behind', async () => {
  const folder = temporaryFolder()
  const venv = join(folder, 'x', '.venv')
  const terminal = runInTerminal(
    bin,
    ['x', '--yes', '--python', '--env', 'pip', '--model', 'hello', '--no-git'],
    {
      cwd: folder,
      env: plainEnvironment({ PATH: `${programs({ python3: exec(python) })}:/usr/bin:/bin` }),
      columns: 400,
      shell: true,
    },
  )
  // It has its Python, and pip is next, which takes seconds.
  await expect.poll(() => existsSync(join(venv, 'bin', 'python3')), { interval: 5 }).toBe(true)
  terminal.press(keys.interrupt)
  expect(await terminal.ended).toBe(130)
  expect(terminal.text()).toContain(
    `Creating .venv...\n^CInterrupted. The project is in ${join(folder, 'x')}.`,
  )
  expect(terminal.text()).not.toMatch(/Traceback|KeyboardInterrupt/)
  expect(existsSync(venv)).toBe(false)
})
