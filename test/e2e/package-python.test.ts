/** The npm package and the Python package mlx-app in one environment, whichever of them is installed first. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { packPackages } from '../../scripts/packages.ts'
import { type ConsumerSandbox, createConsumerSandbox, readmeFile } from '../support/consumer-sandbox.ts'
import { answerTo } from '../support/hello.ts'
import { basePython } from '../support/setup-project.ts'

const hello = answerTo('Say hello.')
const document = readFileSync(new URL('../../packages/engine/docs/setup.md', import.meta.url), 'utf8')
const [, section = ''] = document.split('\n## Together with Python\n')
const [pythonFirst = '', npmFirst = ''] = Array.from(
  section.matchAll(/```sh\n(.*?)```/gs),
  ([, code = '']) => code,
)
const [, appInPython = ''] = /```python\n(.*?)```/s.exec(section) ?? []

let sandbox: ConsumerSandbox
/** The wheel that belongs to the npm package, and one of another version. */
let wheel: string
let otherWheel: string
let version: string
const otherVersion = '0.0.9'

beforeAll(async () => {
  sandbox = await createConsumerSandbox()
  const packed = (await packPackages()).find(({ name }) => name === 'wheel')
  if (packed === undefined) throw new Error('The wheel was not packed.')
  wheel = packed.path
  version = packed.version
  otherWheel = await buildOtherWheel(join(sandbox.folder, 'other version'))
  await sandbox.succeed(`npm install '${sandbox.tarball}' zod`, sandbox.project('installed'))
})
afterAll(async () => await sandbox[Symbol.asyncDispose]())

async function buildOtherWheel(folder: string): Promise<string> {
  const source = new URL('../../packages/engine/python', import.meta.url)
  for (const name of ['src', 'pyproject.toml', 'README.md', 'LICENSE']) {
    cpSync(new URL(`python/${name}`, source), join(folder, name), { recursive: true })
  }
  const manifest = join(folder, 'pyproject.toml')
  const text = readFileSync(manifest, 'utf8')
  writeFileSync(manifest, text.replace(`version = "${version}"`, `version = "${otherVersion}"`))
  await execa(await obtainUv(), ['build', '--quiet', '--offline', '--wheel', folder])
  return join(folder, 'dist', `mlx_app-${otherVersion}-py3-none-any.whl`)
}

/** Creates a project with the npm package, and an app for each language. */
async function createProject(name: string): Promise<string> {
  const project = sandbox.project(name, { 'app.mjs': readmeFile('app.mjs'), 'app.py': appInPython })
  cpSync(join(sandbox.folder, 'installed', 'node_modules'), join(project, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  return project
}

const install = async (project: string, file: string, environment: string) =>
  await sandbox.succeed(`uv pip install --quiet --python '${environment}/bin/python' '${file}'`, project)

/** Expects that the app can't start, with both versions and the next command. */
async function expectMismatch(project: string): Promise<void> {
  const { exitCode, stderr } = await sandbox.shell('node app.mjs', { cwd: project })
  expect(exitCode).not.toBe(0)
  expect(stderr).toContain('PROTOCOL_MISMATCH')
  expect(stderr).toMatch(/bin\/python has 0\.0\.9 \(protocol \d+\), and the npm package is \d+\.\d+\.\d+ /)
  expect(stderr).toContain(`the npm package is ${version} `)
  expect(stderr).toContain('npx mlx-app setup')
}

describe('the Python package first, in an active virtual environment', { sequential: true }, () => {
  let project: string
  beforeAll(async () => {
    project = await createProject('python first')
    await sandbox.succeed(`uv venv --quiet --python '${await basePython()}' .venv`, project)
    await install(project, wheel, '.venv')
  })

  test('setup uses that environment, says so and creates none', async () => {
    const printed = await sandbox.succeed(pythonFirst, project)
    expect(printed).toContain(`of the active virtual environment (${project}/.venv/bin/python)`)
    expect(printed).toContain(`It has mlx-app ${version}, so setup creates no environment`)
    expect(printed).toContain('Next: npx mlx-app doctor')
    expect(readdirSync(join(project, '.mlx')).sort()).toEqual(['.gitignore', 'environment.json'])
  })

  test('both languages then use it, also if it is not active', async () => {
    expect(await sandbox.succeed('node app.mjs', project)).toBe(hello)
    expect(await sandbox.succeed('.venv/bin/python app.py', project)).toBe(hello)
  })

  test('another version of it is an error with both versions, and setup prints the command that fixes it', async () => {
    await install(project, otherWheel, '.venv')
    await expectMismatch(project)
    const refused = await sandbox.shell(pythonFirst, { cwd: project })
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain(
      `it has mlx-app ${otherVersion}, but the npm package mlx-app has version ${version}`,
    )
    const command = /^ *(uv pip install .*?) {3}installs/m.exec(refused.stderr)?.[1] ?? ''
    await sandbox.succeed(command, project)
    await sandbox.succeed(pythonFirst, project)
    expect(await sandbox.succeed('node app.mjs', project)).toBe(hello)
    expect(existsSync(join(project, '.mlx', 'venv'))).toBe(false)
  })
})

describe('the npm package first', { sequential: true }, () => {
  let project: string
  beforeAll(async () => {
    project = await createProject('npm first')
    await sandbox.succeed('npx mlx-app setup', project)
  })

  test('MLX_PYTHON points Python programs to its environment', async () => {
    expect(await sandbox.succeed(npmFirst, project)).toBe(hello)
  })

  test('setup still treats that environment as its own', async () => {
    const variables = {
      MLX_PYTHON: join(project, '.mlx/venv/bin/python'),
      VIRTUAL_ENV: join(project, '.mlx/venv'),
    }
    const printed = await sandbox.succeed('npx mlx-app setup', project, variables)
    expect(printed).toContain('Already set up')
    expect(await sandbox.succeed('node app.mjs', project, variables)).toBe(hello)
  })

  test('another project uses it through MLX_PYTHON, and creates none', async () => {
    const other = await createProject('other project')
    const printed = await sandbox.succeed(
      `${npmFirst.split('\n')[0]}\ncd '${other}' && npx mlx-app setup`,
      project,
    )
    expect(printed).toContain(`from MLX_PYTHON (${project}/.mlx/venv/bin/python)`)
    expect(await sandbox.succeed('node app.mjs', other)).toBe(hello)
    expect(existsSync(join(other, '.mlx', 'venv'))).toBe(false)
  })

  test('setup replaces another version in its environment', async () => {
    await install(project, otherWheel, '.mlx/venv')
    await expectMismatch(project)
    const { exitCode, all } = await sandbox.shell('npx mlx-app setup', { cwd: project })
    expect(exitCode, all).toBe(0)
    expect(all).toContain(
      `it has mlx-app ${otherVersion}, but the npm package mlx-app has version ${version}`,
    )
    expect(await sandbox.succeed('node app.mjs', project)).toBe(hello)
  })
})
