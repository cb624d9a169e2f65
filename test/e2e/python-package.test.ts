/** The Python package as users get it: uploaded to an index, and installed from there with uv and pip into new environments. */
import { createHash } from 'node:crypto'
import {
  appendFileSync,
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
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa, type Options } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { interpreterIn } from '../../packages/engine/src/engine/project/index.ts'
import { obtainUv } from '../../scripts/environment.ts'
import { constraintsOf } from '../../scripts/lock-text.ts'
import { type PythonPackage, packPython } from '../../scripts/publish/python.ts'
import { wheelProblems } from '../../scripts/publish/python-checks.ts'
import { unpackWheel } from '../../scripts/publish/unpack.ts'
import { version } from '../../src/version.ts'
import { readOnlyView } from '../support/disks.ts'
import { temporaryFolder } from '../support/folders.ts'
import { answerTo } from '../support/hello.ts'
import { needs } from '../support/programs/needs.ts'
import { type PythonIndex, startPythonIndex, uploadPython } from '../support/python-index.ts'
import { basePython } from '../support/setup-project.ts'

const project = fileURLToPath(new URL('../../packages/engine/python/', import.meta.url))
const readme = readFileSync(join(project, 'README.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'mlx app é '))
const constraints = join(folder, 'constraints.txt')
const sayHello =
  'from mlx_app import MLXEngine; print(MLXEngine(model="hello", device="cpu").complete(messages=[{"role": "user", "content": "Say hello."}]).text)'
let packed: PythonPackage
let index: PythonIndex
let uv: string

/** Runs a program as a user in an empty environment would, and returns its output. */
async function run(program: string, parameters: readonly string[], options: Options = {}): Promise<string> {
  const { VIRTUAL_ENV: _, PYTHONPATH: __, NODE_OPTIONS: ___, ...env } = process.env
  const { exitCode, all } = await execa(program, parameters, {
    cwd: folder,
    ...options,
    env: { ...env, MLX_DEVICE: 'cpu', NO_COLOR: '1', ...options.env },
    extendEnv: false,
    all: true,
    reject: false,
  })
  expect(exitCode, `${program} ${parameters.join(' ')}\n${all}`).toBe(0)
  return String(all)
}

/** Returns the commands of the fenced block of the README that has this text. */
function commandsWith(text: string, language = 'sh'): string[] {
  const blocks = Array.from(readme.matchAll(/^```(\w+)\n(.*?)^```$/gms), ([, name, code = '']) => ({
    name,
    code,
  }))
  const block = blocks.find(({ name, code }) => name === language && code.includes(text))
  if (block === undefined) throw new Error(`README.md has no block ${language} with "${text}"`)
  return block.code.trimEnd().split('\n')
}

beforeAll(async () => {
  uv = await obtainUv()
  packed = await packPython(join(folder, 'dist'), 'ada/create-mlx-app')
  const locks = ['requirements.lock', 'requirements-dev.lock', 'requirements-vision.lock']
  const versions = constraintsOf(locks.map((name) => readFileSync(join(project, name), 'utf8')))
  writeFileSync(constraints, versions.join('\n'))
  const uploads = join(folder, 'index')
  mkdirSync(uploads)
  index = await startPythonIndex(uploads)
  await uploadPython(index, [packed.wheel, packed.sdist])
})
afterAll(async () => {
  await index?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

describe('what is uploaded', () => {
  it('has only the module, its types and its license', async () => {
    const unpacked = temporaryFolder('wheel')
    await unpackWheel(packed.wheel, unpacked)
    expect(readdirSync(unpacked).sort()).toEqual(['mlx_app', `mlx_app-${version}.dist-info`])
    expect(existsSync(join(unpacked, 'mlx_app', 'py.typed'))).toBe(true)
    const license = readFileSync(
      join(unpacked, `mlx_app-${version}.dist-info`, 'licenses', 'LICENSE'),
      'utf8',
    )
    expect(license).toBe(readFileSync(new URL('../../LICENSE', import.meta.url), 'utf8'))
  })

  it('passes the checkers, which detect a file outside of the module', async () => {
    expect(await wheelProblems(packed.wheel)).toEqual([])
    const unpacked = temporaryFolder('wheel')
    await unpackWheel(packed.wheel, unpacked)
    mkdirSync(join(unpacked, 'tests'))
    writeFileSync(join(unpacked, 'tests', 'test_engine.py'), '')
    const empty = createHash('sha256').digest('base64url')
    const record = join(unpacked, `mlx_app-${version}.dist-info`, 'RECORD')
    appendFileSync(record, `tests/test_engine.py,sha256=${empty},0\n`)
    const broken = join(temporaryFolder('broken'), basename(packed.wheel))
    const names = ['mlx_app', `mlx_app-${version}.dist-info`, 'tests'].map((name) => join(unpacked, name))
    await run(await basePython(), ['-m', 'zipfile', '--create', broken, ...names])
    expect((await wheelProblems(broken)).join('\n')).toContain('tests')
  })
})

describe('installed with uv, in a folder with spaces', () => {
  const environment = join(folder, 'my project', '.venv')
  const python = interpreterIn(environment)
  const site = () =>
    run(python, ['-c', 'import mlx_app, pathlib; print(pathlib.Path(mlx_app.__file__).parents[1])'])

  beforeAll(async () => {
    await run(uv, ['venv', '--quiet', '--python', await basePython(), environment])
    const extras = `mlx-app[server,notebook]==${version}`
    const from = ['--index', index.simpleUrl, '--constraints', constraints]
    await run(uv, ['pip', 'install', '--quiet', '--python', python, ...from, extras])
  })

  it('answers, and knows its version', async () => {
    expect(await run(python, ['-c', sayHello])).toBe(answerTo('Say hello.'))
    expect(await run(python, ['-c', 'import mlx_app; print(mlx_app.__version__)'])).toBe(version)
    expect(await run(join(environment, 'bin', 'mlx-app'), ['--version'])).toContain(version)
    const generated = await run(join(environment, 'bin', 'mlx-app'), ['generate', 'Say hello.'])
    expect(generated).toContain(answerTo('Say hello.'))
  })

  it('has the packages of its extras, which all fit together', async () => {
    await run(python, ['-c', 'import fastapi, ipywidgets, prometheus_client, uvicorn'])
    expect(await run(uv, ['pip', 'check', '--python', python])).toContain(
      'All installed packages are compatible',
    )
  })

  it('runs the examples of its README', async () => {
    const code = Array.from(readme.matchAll(/^```python\n(.*?)^```$/gms), ([, block = '']) => block).join(
      '\n',
    )
    const printed = await run(python, ['-c', code])
    const [hello, numbers] = [answerTo('Say hello.'), answerTo('Count to ten.')]
    expect(printed).toMatch(new RegExp(`^${hello}${numbers} stop \\d+\n(good|bad)\n${hello}\n${numbers}$`))
  })

  it('runs where nothing can be written', needs('mount', 'umount'), async (context) => {
    const view = interpreterIn(readOnlyView(context, environment))
    expect(await run(view, ['-c', sayHello], { cwd: '/' })).toBe(answerTo('Say hello.'))
  })

  it('installs the same files from the source distribution', async () => {
    const target = temporaryFolder('from sdist')
    const flags = ['--no-deps', '--no-binary', 'mlx-app', '--index', index.simpleUrl, '--target', target]
    await run(uv, ['pip', 'install', '--quiet', '--python', python, ...flags, `mlx-app==${version}`])
    const filesIn = (root: string) =>
      readdirSync(join(root, 'mlx_app'), { recursive: true, encoding: 'utf8' })
        .filter((path) => !path.includes('__pycache__'))
        .sort()
    expect(filesIn(target)).toEqual(filesIn(await site()))
  })

  it('offers images and embeddings as an extra', async () => {
    const flags = process.env.SOAK === '1' ? [] : ['--dry-run']
    const from = ['--index', index.simpleUrl, '--constraints', constraints]
    const all = await run(uv, ['pip', 'install', '--python', python, ...flags, ...from, 'mlx-app[vision]'])
    expect(all).toContain('+ mlx-vlm==')
    if (process.env.SOAK === '1') await run(python, ['-c', 'import mlx_vlm'])
  })
})

it('runs with uvx, without an installation', async () => {
  const from = ['--from', packed.wheel, '--constraints', constraints, '--python', await basePython()]
  const chat = [...from, 'mlx-app', 'chat', '--model', 'hello']
  const answer = await run(uv, ['tool', 'run', '--quiet', ...chat], { input: 'Say hello.\n' })
  expect(answer).toContain(answerTo('Say hello.'))
})

describe('installed with pip', () => {
  const environment = join(folder, 'pip')
  const python = interpreterIn(environment)

  it('answers', async () => {
    await run(await basePython(), ['-m', 'venv', environment])
    // uv takes a second for what pip needs half a minute. Tests of projects let pip install everything.
    const locked = ['--require-hashes', '-r', join(project, 'requirements.lock')]
    await run(uv, ['pip', 'install', '--quiet', '--python', python, ...locked])
    // The index has only mlx-app, and pip finds that what is there meets its requirements.
    const from = ['--no-compile', '--index-url', index.simpleUrl]
    await run(python, ['-m', 'pip', 'install', '--quiet', ...from, `mlx-app==${version}`])
    expect(await run(python, ['-c', sayHello])).toBe(answerTo('Say hello.'))
    expect(await run(python, ['-m', 'pip', 'check'])).toContain('No broken requirements found.')
  })

  // The commands of the README. MLX for CUDA has 3 GB, so it is only resolved, which uv does without a download.
  it.runIf(process.platform === 'linux')('gets MLX for CUDA in place of the one for CPUs', async () => {
    const [, remove = '', install = ''] = commandsWith('pip uninstall')
    await run('bash', ['-c', `"$PYTHON" -m ${remove}`], { env: { PYTHON: python } })
    expect(await run(python, ['-m', 'pip', 'check'])).toContain('No broken requirements found.')
    const [, requirement = ''] = /install "(.+)"/.exec(install) ?? []
    const all = await run(uv, ['pip', 'install', '--dry-run', '--python', python, requirement])
    // MLX itself stays, and has the same version.
    const mlx = await run(python, ['-c', 'from importlib.metadata import version; print(version("mlx"))'])
    expect(all).toContain(`+ mlx-cuda-12==${mlx}`)
    expect(all).not.toContain('+ mlx==')
    expect(all).not.toContain('mlx-cpu')
  })
})

describe.runIf(process.platform === 'linux')('with uv, MLX for CUDA', () => {
  it('replaces the one for CPUs if that is excluded', async () => {
    const root = temporaryFolder('cuda')
    await run(uv, ['venv', '--quiet', '--python', await basePython()], { cwd: root })
    cpSync(constraints, join(root, 'constraints.txt'))
    const env = { UV: uv, UV_INDEX: index.simpleUrl, UV_CONSTRAINT: 'constraints.txt' }
    const [exclude = '', install = ''] = commandsWith('--excludes')
    await run('bash', ['-c', exclude], { cwd: root })
    const command = install.replace(/^uv pip install/, '"$UV" pip install --dry-run')
    const all = await run('bash', ['-c', command], { cwd: root, env })
    expect(all).toContain('+ mlx-cuda-12==')
    expect(all).not.toContain('mlx-cpu')
  })

  it('replaces it in a project that excludes it', async () => {
    const root = temporaryFolder('cuda project')
    const python = ['--python', await basePython()]
    await run(uv, ['init', '--quiet', '--bare', '--name', 'app', ...python, '.'], { cwd: root })
    const pyproject = join(root, 'pyproject.toml')
    const setting = commandsWith('exclude-dependencies', 'toml').join('\n')
    const environments = `environments = ["sys_platform == 'linux' and platform_machine == 'x86_64'"]`
    writeFileSync(pyproject, `${readFileSync(pyproject, 'utf8')}\n${setting}\n${environments}\n`)
    const [, command = ''] = /`(uv add .+?)`/.exec(readme) ?? []
    const env = { UV: uv, UV_INDEX: index.simpleUrl }
    await run('bash', ['-c', command.replace(/^uv add/, '"$UV" add --no-sync')], { cwd: root, env })
    const lock = readFileSync(join(root, 'uv.lock'), 'utf8')
    expect(lock).toContain('name = "mlx-cuda-12"')
    expect(lock).not.toContain('name = "mlx-cpu"')
  })
})
