/**
 * A project as users of each package manager make it: by `create` from a registry, in an empty folder, on a machine with a home
 * and caches of its own; installed, set up, and every script run, as the tool and the README say that it is.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { startHub } from '../../packages/engine/test/engine/hub.ts'
import { type PackageManager, packageManagers, type TemplateId } from '../../src/choices.ts'
import { frozenInstallCommand, lockFiles, quietRun } from '../../src/package-manager.ts'
import { answers, answerTo } from '../support/hello.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import {
  createSandbox,
  type PackageManagerSandbox,
  type ShellResult,
} from '../support/package-manager-sandbox.ts'
import { needs } from '../support/programs/needs.ts'
import { projectTestsMs } from '../support/time-limits.ts'

const folder = mkdtempSync(join(tmpdir(), 'create mlx managers é '))
const registry = inject('registry')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const managers = packageManagers.map(({ value }) => value)

/** Lock files of all package managers, new and old. */
const anyLock = /^(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?)$/

/** What the tool proposes to ask. */
const question = 'Who are you?'

const manifestSchema = z.object({ scripts: z.record(z.string(), z.string()) })

/** A project that was created, and what creating it printed. */
interface Created {
  machine: PackageManagerSandbox
  project: string
  printed: ShellResult
}

/** Creates a project as it is told on the first page of the README. */
async function create(manager: PackageManager, template: TemplateId, flags = ''): Promise<Created> {
  const home = join(folder, `${manager} ${template}`)
  const parent = join(home, 'work')
  mkdirSync(parent, { recursive: true })
  // The newest npm runs on newer versions of Node alone.
  const node = manager === 'npm' ? await nodeFolder('24') : undefined
  const machine = await createSandbox(manager, home, registry, node)
  const separator = manager === 'npm' ? '-- ' : ''
  const rest = `--yes --template ${template} --model hello ${flags}`
  const printed = await machine.shell(`${manager} create mlx-app@latest my-app ${separator}${rest}`, {
    cwd: parent,
  })
  return { machine, project: join(parent, 'my-app'), printed }
}

/** What the tool printed below a heading. */
function below(heading: string, { all }: ShellResult): string[] {
  const lines = all.split('\n')
  const from = lines.indexOf(heading)
  if (from < 0) throw new Error(`It did not print "${heading}": ${all}`)
  const rest = [...lines.slice(from + 1), '']
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('  ')),
    )
    .map((line) => line.trim())
}

/** The lines of the README that are for a shell. */
function shellLines(project: string): string[] {
  const fences = readFileSync(join(project, 'README.md'), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)
  return [...fences].flatMap(([, code = '']) => code.trim().split('\n'))
}

const scriptsOf = (project: string) =>
  Object.keys(manifestSchema.parse(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))).scripts)

/** Expects a command line to end well, and gives what it printed. */
async function works(
  { machine, project }: Created,
  line: string,
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<ShellResult> {
  const ran = await machine.shell(line, { cwd: project, ...options })
  expect(ran.exitCode, `${line}\n${ran.all}`).toBe(0)
  return ran
}

const gitLines = async (created: Created, command: string) =>
  (await works(created, `git ${command}`)).stdout.split('\n').filter((line) => line !== '')

describe.each(managers)('%s', (manager) => {
  let created: Created

  beforeAll(async () => {
    created = await create(manager, 'node')
  })

  test('creates, installs and sets up with the package manager that started the tool', async () => {
    const { printed, project } = created
    expect(printed.exitCode, printed.all).toBe(0)
    expect(printed.stdout).toContain(`Installing packages with ${manager}...`)
    const files = await gitLines(created, 'ls-files')
    expect(files.filter((path) => anyLock.test(path))).toEqual(
      lockFiles(manager).filter((path) => anyLock.test(path)),
    )
    for (const path of lockFiles(manager)) expect(files).toContain(path)
    // None lets another package manager run the scripts, as checks and images do: see the test of the locked install.
    expect(readFileSync(join(project, 'package.json'), 'utf8')).not.toMatch(/packageManager|devEngines/)
  })

  test('installs without warnings about scripts or missing packages', () => {
    expect(created.printed.all).not.toMatch(
      /WARN|warn (?!exec)|YN0004|YN0002|YN0086|unmet|blocked|deprecated/,
    )
  })

  test('runs the next steps that the tool prints', async () => {
    const next = below('Next steps:', created.printed)
    expect(next[0]).toBe('cd my-app')
    const line = next.join(' && ')
    const ran = await created.machine.shell(line, {
      cwd: join(created.project, '..'),
      input: question,
    })
    expect(ran.exitCode, `${line}\n${ran.all}`).toBe(0)
    const answer = answerTo(question)
    expect(ran.stdout.split('\n').filter((shown) => shown === answer)).toHaveLength(2)
  })

  test('creates the same project again, in CI too, with the command that the tool prints', async () => {
    const [command = ''] = below('To repeat this without prompts:', created.printed)
    expect(command).toContain('create-mlx-app@')
    const again = join(created.project, '..', 'again')
    mkdirSync(again)
    // The Python of the first one saves a setup.
    const env = { CI: 'true', MLX_PYTHON: join(created.project, '.mlx', 'venv', 'bin', 'python') }
    const ran = await created.machine.shell(command, { cwd: again, env })
    expect(ran.exitCode, `${command}\n${ran.all}`).toBe(0)
    const other = { ...created, project: join(again, 'my-app') }
    const files = await gitLines(created, 'ls-files')
    expect(await gitLines(other, 'ls-files')).toEqual(files)
    for (const path of files) {
      expect(
        readFileSync(join(other.project, path)).equals(readFileSync(join(created.project, path))),
        path,
      ).toBe(true)
    }
  })

  describe('scripts', () => {
    const ends: Record<string, [flags: string, printed: RegExp]> = {
      setup: ['', /Already set up\./],
      doctor: ['', /No problems found\.$/],
      models: ['', /hello .* package/],
      build: ['', /dist\/main\.js$/],
      test: ['', /Tests +\d{2,} passed/],
      typecheck: ['', /tsc|^$/],
      lint: ['', /Checked \d+ files .* No fixes applied\./],
      format: ['', /Checked \d+ files .* No fixes applied\./],
    }

    test('are all tested here', () => {
      expect(scriptsOf(created.project).sort()).toEqual([...Object.keys(ends), 'start', 'dev'].sort())
    })

    test.each(Object.entries(ends))(
      '%s',
      async (script, [flags, printed]) => {
        const ran = await created.machine.shell(`${manager} run ${script}${flags}`, {
          cwd: created.project,
          env: { NO_COLOR: '1' },
        })
        expect(ran.exitCode, ran.all).toBe(0)
        expect(ran.all.trim()).toMatch(printed)
      },
      projectTestsMs,
    )

    test('dev runs the program and waits for changes', async () => {
      const printed = await created.machine.until(/MLX/, `${manager} run dev`, { cwd: created.project })
      expect(printed).not.toContain('Error')
    })

    test('start answers a question, and prints only the answer on standard output', async () => {
      const line = below('Next steps:', created.printed).at(-1)?.replace('"Who are you?"', '') ?? ''
      for (const known of answers.slice(0, 3)) {
        const ran = await works(created, `${line}"${known.question}"`)
        expect(ran.stdout).toBe(known.answer)
      }
    })

    test('doctor for a program prints only JSON on standard output', async () => {
      const pass = manager === 'npm' ? ['--'] : []
      const line = [...quietRun(manager), 'doctor', ...pass, '--json'].join(' ')
      expect(JSON.parse((await works(created, line)).stdout)).toMatchObject({ good: true })
    })
  })

  test('works as the README describes', async () => {
    writeFileSync(join(created.project, 'notes.txt'), 'Who are you?')
    // What is the same for all is run where packages are hardest to find.
    const lines = shellLines(created.project).filter((line) => manager === 'pnpm' || line.includes(manager))
    expect(lines).toContain(`${manager} install`)
    // The hub of this machine has the model that it names, by that name.
    const [, model = ''] = /pull (\S+)$/m.exec(lines.join('\n')) ?? []
    await using hub = await startHub(model, join(pythonDirectory, 'src', 'mlx_app', 'hello'))
    const env = { HF_ENDPOINT: hub.address }
    for (const line of lines) await works(created, line, { input: question, env })
    rmSync(join(created.project, 'notes.txt'))
  })

  test('installs from the lock file, as checks and images do, and npm runs the scripts', async () => {
    rmSync(join(created.project, 'node_modules'), { recursive: true })
    const install = frozenInstallCommand(manager).split(' && ').at(-1) ?? ''
    const ran = await created.machine.shell(install, { cwd: created.project, env: { CI: 'true' } })
    expect(ran.exitCode, ran.all).toBe(0)
    await works(created, 'npm run build')
    await works(created, 'npm run lint')
  })

  test('leaves nothing that git would add', needs('git'), async () => {
    expect(await gitLines(created, 'status --porcelain')).toEqual([])
    expect(existsSync(join(created.project, 'node_modules'))).toBe(true)
  })
})

describe('a server, with pnpm', () => {
  let created: Created

  beforeAll(async () => {
    created = await create('pnpm', 'server', '--with ci,docker')
  })

  test('is created, installed and set up', () => {
    expect(created.printed.exitCode, created.printed.all).toBe(0)
  })

  test.each(['typecheck', 'lint', 'build', 'doctor', 'keys list'])('runs %s', async (script) => {
    await works(created, `pnpm run ${script}`)
  })

  test.each(['start', 'dev'])('%s serves the page and the model', async (script) => {
    const options = { cwd: created.project, env: { PORT: '0' } }
    await created.machine.until(/Listening on \S+\n/, `pnpm run ${script}`, options, async (seen) => {
      const [, url = ''] = /Listening on (\S+)/.exec(seen) ?? []
      await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200)
      expect((await fetch(url)).headers.get('content-type')).toContain('text/html')
    })
  })

  test('leaves nothing that git would add', needs('git'), async () => {
    expect(await gitLines(created, 'status --porcelain')).toEqual([])
  })
})
