import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { findInterpreter, findProject, isolatedEnvironment } from '../../src/engine/project/index.ts'
import { childEnvironment } from '../../src/setup/process/child-process.ts'
import { pipOptions } from '../../src/setup/process/pip-configuration.ts'

const home = mkdtempSync(join(tmpdir(), 'isolation é '))
afterAll(() => rmSync(home, { recursive: true }))
const project = { environmentFile: join(home, 'app', '.mlx', 'environment.json') }

it('removes what would change the code that Python runs', () => {
  const harmful = ['HOME', 'PATH', 'USERBASE', 'STARTUP', 'INSPECT', 'OPTIMIZE', 'WARNINGS', 'EXECUTABLE']
  const environment = Object.fromEntries(harmful.map((name) => [`PYTHON${name}`, 'x']))
  expect(isolatedEnvironment({ ...environment, PYTHON_GIL: '0', PYTHONUTF8: '1' })).toEqual({
    PYTHONUTF8: '1',
  })
})

it('keeps PYTHONPATH for a Python that the user names', () => {
  const environment = { MLX_PYTHON: '/usr/bin/python3', PYTHONPATH: '/mlx' }
  expect(isolatedEnvironment(environment)).toEqual(environment)
  expect(isolatedEnvironment(environment, false)).toEqual({ MLX_PYTHON: '/usr/bin/python3' })
})

it('removes what would change where packages go, and keeps where they come from', () => {
  const kept = {
    PIP_INDEX_URL: 'https://mirror/simple',
    PIP_TRUSTED_HOST: 'mirror',
    UV_INDEX_COMPANY_PASSWORD: 'secret',
    UV_CACHE_DIR: '/cache',
    UV_PYTHON_INSTALL_MIRROR: 'https://mirror/python',
    HTTPS_PROXY: 'http://proxy:3128',
  }
  const pip = ['TARGET', 'PREFIX', 'CONSTRAINT', 'DRY_RUN', 'PYTHON', 'USER', 'REQUIRE_VIRTUALENV', 'ROOT']
  const uv = ['PYTHON', 'PROJECT_ENVIRONMENT', 'CONSTRAINT', 'OVERRIDE', 'EXCLUDE_NEWER', 'SYSTEM_PYTHON']
  const harmful = [
    ...pip.map((name) => `PIP_${name}`),
    ...uv.map((name) => `UV_${name}`),
    ...['CONDA_PREFIX', '_CONDA_EXE', 'VIRTUALENV_PYTHON', '__PYVENV_LAUNCHER__'],
  ]
  const environment = Object.fromEntries(harmful.map((name) => [name, 'x']))
  expect(isolatedEnvironment({ ...kept, ...environment })).toEqual(kept)
})

it('gives uv the indexes of the configuration of a user, and nothing else of it', () => {
  const folder = join(home, 'config', 'uv')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'uv.toml'),
    `
constraint-dependencies = ["numpy<2"]
native-tls = true
[[index]]
url = "https://mirror/simple"
default = true
[pip]
target = "/elsewhere"
no-index = true
`,
  )
  const environment = childEnvironment({ XDG_CONFIG_HOME: join(home, 'config') }, project)
  expect(environment.UV_NO_CONFIG).toBeUndefined()
  const text = readFileSync(environment.UV_CONFIG_FILE ?? '', 'utf8')
  expect(text).toContain('https://mirror/simple')
  expect(text).toContain('native-tls')
  expect(text).toContain('no-index')
  expect(text).not.toMatch(/numpy|target/)
  expect(childEnvironment({ HOME: home }, project)).toMatchObject({ UV_NO_CONFIG: '1' })
})

it("finds the configuration of the system in any folder, and puts the user's indexes before its own", () => {
  const folders = ['xdg-desktop', 'xdg', 'user'].map((name) => join(home, name))
  const [desktop = '', system = '', user = ''] = folders
  for (const folder of folders) mkdirSync(join(folder, 'uv'), { recursive: true })
  writeFileSync(join(system, 'uv', 'uv.toml'), 'offline = true\n[[index]]\nurl = "https://company/simple"\n')
  writeFileSync(join(user, 'uv', 'uv.toml'), '[[index]]\nurl = "https://me:secret@mine/simple"\n')
  const given = { XDG_CONFIG_DIRS: `${desktop}:${system}`, XDG_CONFIG_HOME: user }
  const { UV_CONFIG_FILE = '' } = childEnvironment(given, project)
  const text = readFileSync(UV_CONFIG_FILE, 'utf8')
  expect(text).toContain('offline = true')
  expect(text).toMatch(/secret@mine[\s\S]*company/)
  expect(statSync(UV_CONFIG_FILE).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(UV_CONFIG_FILE, '..', '.gitignore'), 'utf8')).toBe('*\n')
})

it('names a configuration of uv that is not TOML', () => {
  const file = join(home, 'broken.toml')
  writeFileSync(file, 'index = [')
  expect(() => childEnvironment({ UV_CONFIG_FILE: file }, project)).toThrow(file)
})

it('gives pip the indexes of its configuration, and nothing else of it', async () => {
  const file = join(home, 'pip.conf')
  writeFileSync(
    file,
    `
[global]
index-url = https://mirror/simple
trusted-host =
  mirror
  other
[install]
target = /elsewhere
constraint = /constraints.txt
`,
  )
  const environment = { PATH: process.env.PATH, PIP_CONFIG_FILE: file, PIP_TIMEOUT: '5' }
  const options = await pipOptions(pythonWithPip(), { environment, directory: home })
  expect(options.environment).toMatchObject({
    ...environment,
    PIP_CONFIG_FILE: devNull,
    PIP_INDEX_URL: 'https://mirror/simple',
    PIP_TRUSTED_HOST: 'mirror other',
  })
  expect(Object.keys(options.environment)).not.toEqual(expect.arrayContaining(['PIP_TARGET']))
  expect(Object.keys(options.environment)).not.toEqual(expect.arrayContaining(['PIP_CONSTRAINT']))
})

/** The environment of the repository may have been made by uv, without pip. */
function pythonWithPip(): string {
  const { python } = findInterpreter(findProject(import.meta.dirname))
  const base = 'import sys; print(sys.base_prefix)'
  return join(execFileSync(python, ['-c', base], { encoding: 'utf8' }).trim(), 'bin', 'python3')
}
