/**
 * The tool and a project's setup on machines that MLX has no build for: creating works, the setup refuses with the way out.
 * It is this machine, with the platform and processor of another one in `process`, and that one's programs on the PATH.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { bareMachine, runScript, setupProject } from '../support/setup-project.ts'
import { builtTool, plainEnvironment, programs } from '../support/tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-other-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A module that makes Node another machine's. */
function pretending(platform: NodeJS.Platform, architecture: string): string {
  const path = join(folder, `${platform}-${architecture}.mjs`)
  const property = (name: string, value: string) =>
    `Object.defineProperty(process, '${name}', { value: '${value}' })\n`
  writeFileSync(path, property('platform', platform) + property('arch', architecture))
  return pathToFileURL(path).href
}

const translated = { sw_vers: 'echo 15.1', sysctl: 'echo 1' }
const intel = { sw_vers: 'echo 14.5', sysctl: 'exit 1' }

describe('creating', () => {
  let bin: string
  beforeAll(async () => {
    bin = await builtTool()
  })

  const create = async (machine: string, scripts: Record<string, string>) => {
    const cwd = temporaryFolder()
    const flags = ['my-app', '--yes', '--template', 'node', '--package-manager', 'npm', '--no-git']
    const ran = await execa('node', ['--import', machine, bin, ...flags], {
      cwd,
      env: plainEnvironment({ PATH: programs(scripts) }),
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    })
    const config: unknown = JSON.parse(readFileSync(join(cwd, 'my-app', 'mlx.config.json'), 'utf8'))
    return { ...ran, config }
  }

  test('on a Mac that seems to have an Intel processor installs packages, and says why Python is not set up', async () => {
    const { exitCode, stdout, stderr, config } = await create(pretending('darwin', 'x64'), {
      ...intel,
      npm: 'echo "npm $*"',
    })
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toContain('npm install\n')
    expect(stderr).toContain('Python was not set up: MLX needs Apple silicon.')
    expect(stderr).toContain('install Node for arm64')
    expect(stdout).toContain('  npm run setup\n')
    expect(config).toMatchObject({ model: 'hello' })
  })

  test('on Windows installs packages through the shell, and suggests WSL', async () => {
    const { exitCode, stdout, stderr, config } = await create(pretending('win32', 'x64'), {
      'cmd.exe': 'echo "shell $*"',
    })
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toContain('shell /d /s /c "npm install"')
    expect(stderr).toContain('Python was not set up: MLX does not run on Windows. Use WSL')
    expect(stderr).not.toContain('Warning')
    expect(config).toMatchObject({ model: 'hello' })
  })
})

describe('the setup', () => {
  const setUp = async (machine: string, scripts: Record<string, string>) => {
    const project = await setupProject()
    const bare = bareMachine()
    try {
      for (const [name, text] of Object.entries(scripts)) bare.script(name, text)
      const environment = { ...bare.environment, NODE_OPTIONS: `--import=${machine}` }
      return await runScript(project, 'setup', [], { ...bare, environment })
    } finally {
      project.remove()
      bare.remove()
    }
  }

  test.each([
    ['through Rosetta', translated, 'an Intel build that runs under Rosetta', 'must print arm64'],
    ['on an Intel Mac', intel, 'this one has an Intel processor', 'createEngine({ baseUrl:'],
  ])('%s fails and says what to do', async (_, scripts, reason, wayOut) => {
    const { exitCode, stderr } = await setUp(pretending('darwin', 'x64'), scripts)
    expect(exitCode).toBe(1)
    expect(stderr).toContain(reason)
    expect(stderr).toContain(wayOut)
    expect(stderr).not.toContain('    at ')
  })
})
