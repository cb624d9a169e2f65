/** Makes one output for Linux, with everything that can be replaced, and runs it as an app does. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { program } from '../../../../../test/support/programs/find.ts'
import {
  noRelocatablePython,
  type RelocatablePython,
  relocatablePython,
} from '../../../../../test/support/relocatable-python.ts'
import { lockedWheels } from '../../../../../test/support/wheels.ts'
import { createEngine } from '../../../src/engine/index.ts'
import { listFiles } from '../../../src/setup/vendor/files.ts'
import { answerTo, ask, isRunning } from '../../engine/support.ts'
import { customWheel } from './custom-wheel.ts'
import { type VendorProject, type VendorRun, vendorProject } from './vendor-project.ts'

describe('an output for this machine', { skip: noRelocatablePython !== undefined }, () => {
  let relocatable: RelocatablePython
  let project: VendorProject
  let made: VendorRun
  let wheels: string
  /** Where the output is when it runs: in another place, with other times of its files. */
  let resources: string
  /** The options of every run: nothing comes from a network or from a cache. */
  let offline: NodeJS.ProcessEnv

  beforeAll(async () => {
    relocatable = relocatablePython()
    project = await vendorProject()
    wheels = await lockedWheels()
    offline = {
      UV_PYTHON_DOWNLOADS_JSON_URL: relocatable.downloads,
      UV_CACHE_DIR: join(project.root, '..', 'cache'),
      PIP_ARGS: `--no-index --find-links '${wheels}'`,
      HTTPS_PROXY: 'http://127.0.0.1:9',
      TARGET_PY_VERSION: `3.${relocatable.minor}`,
      VERSION: '9.8.7',
      BIN_NAME: 'desk',
    }
    const folder = join(project.root, 'custom-wheels')
    customWheel('mlx', { version: '0.32.4+mine', folder })
    customWheel('mlx-lm', { version: '0.32.2+mine', folder })
    await execa(program('git'), ['init', '--quiet'], { cwd: project.root })
    await execa(program('git'), ['add', '.'], { cwd: project.root })
    made = await project.run(['--json'], offline)
    expect(made.exitCode, made.stderr).toBe(0)
    resources = join(project.root, '..', 'My Desk.app', 'resources')
    mkdirSync(resources, { recursive: true })
    for (const name of ['my-desk', 'python']) {
      cpSync(join(project.root, 'dist-ext-python', name), join(resources, name), {
        recursive: true,
        verbatimSymlinks: true,
      })
    }
    for (const { path, isLink } of await listFiles(resources)) if (!isLink) utimesSync(path, 1, 1)
    // The wheels are downloaded once, and everything is compiled.
  }, 900_000)
  afterAll(() => {
    relocatable?.remove()
    project?.remove()
  })

  const launch = async (words: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
    await execa(join(resources, 'my-desk', 'desk'), words, {
      env: { HOME: project.root, ...environment },
      extendEnv: false,
      reject: false,
    })
  const record = (place = resources) =>
    JSON.parse(readFileSync(join(place, 'my-desk', 'vendor.json'), 'utf8'))

  test('has the locked packages, the own builds, and the version that was given', async () => {
    const result = JSON.parse(made.stdout)
    expect(result).toMatchObject({
      ...record(),
      version: '9.8.7',
      platform: 'linux-x64',
      python: `3.${relocatable.minor}`,
      packages: { mlx: '0.32.4+mine', 'mlx-lm': '0.32.2+mine', transformers: '5.23.0' },
      customPackages: ['mlx', 'mlx-lm'],
      compiled: true,
      generated: answerTo('Say hello.'),
      site: join(project.root, 'dist-ext-python', 'my-desk', '_vendor'),
    })
    expect(made.stderr).toContain('with your own mlx 0.32.4+mine and mlx-lm 0.32.2+mine')
    const read = (name: string) => readFileSync(join(resources, 'my-desk', name), 'utf8')
    expect(read('VERSION')).toBe('9.8.7\n')
    expect(read('README.md')).toContain('# Python for my-desk 9.8.7')
    expect(readdirSync(join(resources, 'my-desk')).sort()).toEqual([
      'README.md',
      'VERSION',
      '_vendor',
      'desk',
      'vendor.json',
    ])
  })

  test('names the libraries of the system that it needs', () => {
    // Debian's Python has OpenSSL in a package of its own.
    expect(record().systemLibraries).toContain('libssl.so.3')
    expect(
      record().systemLibraries.filter((name: string) => /^lib(c|m|stdc\+\+|mlx|python3\.\d+)\.so/.test(name)),
    ).toEqual([])
    expect(made.stderr).toMatch(/must have these libraries:\n(.*\n)* {2}libssl\.so\.3, for .*_ssl\./)
  })

  test('is smaller than what was installed', () => {
    const { packages, interpreter } = record().sizes
    expect(packages.prunedBytes).toBeLessThan(packages.installedBytes * 0.85)
    expect(packages.bytes).toBeGreaterThan(packages.prunedBytes)
    expect(interpreter.prunedBytes).toBeLessThan(interpreter.installedBytes)
    expect(made.stderr).toMatch(/Packages: .+, pruned to .+, with bytecode .+; interpreter: .+, pruned to /)
  })

  test('leaves the work tree clean', async () => {
    const { stdout } = await execa(program('git'), ['status', '--porcelain'], { cwd: project.root })
    expect(stdout.split('\n').filter((line) => !line.startsWith('A '))).toEqual([])
  })

  test('has no pip, and bytecode that stays valid when files are copied', async () => {
    const files = await listFiles(resources)
    expect(files.filter(({ name }) => /\/(pip|ensurepip)\//.test(name))).toEqual([])
    const compiled = files.filter(({ name }) => name.endsWith('.pyc'))
    expect(compiled.length).toBeGreaterThan(1000)
    // The flags of an "unchecked hash" in the header; see PEP 552.
    for (const { path } of compiled) expect(readFileSync(path).readUInt32LE(4), path).toBe(1)
    expect(readFileSync(compiled[0]?.path ?? '').includes(project.root)).toBe(false)
  })

  describe('has a launcher that', () => {
    test('reports the interpreter and the packages, and writes nothing', async () => {
      const before = (await listFiles(resources)).map(({ name }) => name)
      const reports = await Promise.all(
        [['--python-info'], ['--mlx-info'], ['--pkg-info', 'numpy'], ['--check-mlx-stack']].map(
          async (words) => {
            const { exitCode, stdout, stderr } = await launch(words)
            expect(exitCode, stderr).toBe(0)
            return JSON.parse(stdout)
          },
        ),
      )
      const site = join(resources, 'my-desk', '_vendor')
      expect(reports).toMatchObject([
        { version: relocatable.version, prefix: join(resources, 'python'), site },
        { version: '0.32.4+mine', sum: 499_500, path: site, vendored: true },
        { name: 'numpy', vendored: true },
        { ok: true, generated: answerTo('Say hello.') },
      ])
      expect((await listFiles(resources)).map(({ name }) => name)).toEqual(before)
    })

    test('uses RESOURCES_PATH and EMBEDDED_PYTHON', async () => {
      const elsewhere = join(project.root, '..', 'elsewhere')
      cpSync(join(resources, 'my-desk', 'desk'), join(elsewhere, 'bin', 'desk'))
      const run = async (environment: NodeJS.ProcessEnv) =>
        await execa(join(elsewhere, 'bin', 'desk'), ['--python-info'], {
          env: environment,
          extendEnv: false,
          reject: false,
        })
      const { stdout } = await run({ RESOURCES_PATH: resources })
      expect(JSON.parse(stdout).prefix).toBe(join(resources, 'python'))
      const embedded = await run({ RESOURCES_PATH: resources, EMBEDDED_PYTHON: relocatable.folder })
      expect(JSON.parse(embedded.stdout).prefix).toBe(relocatable.folder)
      expect(await run({})).toMatchObject({
        exitCode: 5,
        stderr: expect.stringContaining('the packages of the app are missing'),
      })
    })

    test('says that there is no interpreter', async () => {
      const wrong = await launch(['--python-info'], { EMBEDDED_PYTHON: '/no/such/python' })
      expect([wrong.exitCode, wrong.stderr]).toEqual([
        3,
        expect.stringContaining('EMBEDDED_PYTHON is /no/such/python'),
      ])
      renameSync(join(resources, 'python'), join(resources, 'python.away'))
      try {
        const tools = join(project.root, '..', 'tools')
        mkdirSync(tools)
        cpSync('/usr/bin/dirname', join(tools, 'dirname'), { dereference: true })
        const none = await launch(['--python-info'], { PATH: tools })
        expect([none.exitCode, none.stderr]).toEqual([3, expect.stringContaining('there is no interpreter')])
      } finally {
        renameSync(join(resources, 'python.away'), join(resources, 'python'))
      }
    })
  })

  test('runs the worker of an engine: with its interpreter, and with the launcher', async () => {
    const python = join(resources, 'python', 'bin', 'python3')
    const site = join(resources, 'my-desk', '_vendor')
    const before = (await listFiles(resources)).length
    for (const options of [{ python, site }, { python: join(resources, 'my-desk', 'desk') }]) {
      await using engine = await createEngine({ device: 'cpu', ...options })
      expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
      expect((await engine.status()).versions).toMatchObject({
        mlx: '0.32.4+mine',
        python: relocatable.version,
      })
    }
    expect((await listFiles(resources)).length).toBe(before)
  })

  describe('runs a server as docs/vendor.md shows', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'vendor.md'), 'utf8')
    const [, recipe = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? []
    const program = (mode: string) => `${recipe}
const resources = process.argv[2] ?? ''
const { url, child } = await startServer({ resources, mode: '${mode}', host: '127.0.0.1', port: 0, maxTokens: 5 })
const answer = await fetch(\`\${url}/v1/chat/completions\`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'hello', messages: [{ role: 'user', content: 'Count to ten.' }], max_tokens: 5 }),
})
console.log(await answer.text())
const tooMany = await fetch(\`\${url}/v1/chat/completions\`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'hello', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 6 }),
})
console.log(tooMany.status)
console.log(child.pid)
process.kill(process.pid, 'SIGKILL')
`

    test.each(['launcher', 'python'])('in the mode %s, and it ends with a killed app', async (mode) => {
      // In the recipe, the launcher has the name of the project.
      cpSync(join(resources, 'my-desk', 'desk'), join(resources, 'my-desk', 'my-desk'))
      const path = join(project.root, `app-${mode}.mts`)
      writeFileSync(path, program(mode))
      const { stdout, stderr } = await execa(process.execPath, ['--import', 'tsx', path, resources], {
        cwd: join(import.meta.dirname, '..', '..', '..'),
        env: { MLX_MODEL: 'hello', MLX_DEVICE: 'cpu', LOG_LEVEL: 'error' },
        reject: false,
      })
      expect(stdout, stderr).not.toBe('')
      const [answer = '', status, pid] = stdout.split('\n')
      expect(JSON.parse(answer), stderr).toMatchObject({
        choices: [{ message: { content: 'one two thre' }, finish_reason: 'length' }],
      })
      expect(status).toBe('400')
      await expect.poll(() => isRunning(Number(pid))).toBe(false)
    })
  })

  describe('stays as it was', () => {
    const expectUnchanged = () => {
      const dist = join(project.root, 'dist-ext-python')
      expect(readdirSync(dist).sort()).toEqual(['.gitignore', 'my-desk', 'python'])
      expect(record(dist)).toEqual(record())
    }

    test('if a wheel does not have the locked hash', async () => {
      const tampered = join(project.root, '..', 'tampered')
      cpSync(wheels, tampered, { recursive: true })
      const wheel = readdirSync(tampered).find((name) => name.startsWith('fastapi-')) ?? ''
      const addFile = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "a").writestr("malware.py", "")'
      await execa(project.systemPython, ['-c', addFile, join(tampered, wheel)])
      const { exitCode, stderr } = await project.run([], {
        ...offline,
        UV_CACHE_DIR: join(project.root, '..', 'another cache'),
        PIP_ARGS: `--no-index --find-links '${tampered}'`,
      })
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringMatching(/Hash mismatch.*fastapi|fastapi.*Hash mismatch/is),
      ])
      rmSync(tampered, { recursive: true })
      expectUnchanged()
    })

    test('if the interpreter does not have the right hash', async () => {
      const { exitCode, stderr } = await project.run([], {
        ...offline,
        UV_CACHE_DIR: join(project.root, '..', 'another cache'),
        UV_PYTHON_DOWNLOADS_JSON_URL: relocatable.wrongHash(),
      })
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Hash mismatch')])
      expect(stderr).toContain('Or give an interpreter with --python DIR')
      expectUnchanged()
    })

    test('if Ctrl-C interrupts it', async () => {
      const running = project.start([], { ...offline, EMBEDDED_PYTHON: relocatable.folder })
      for await (const line of running.iterable({ preserveNewlines: true }))
        if (line.includes('Interpreter:')) running.kill('SIGINT')
      const { exitCode, stderr } = await running
      expect([exitCode, stderr]).toEqual([
        130,
        expect.stringContaining('Interrupted. The output is as it was.'),
      ])
      expectUnchanged()
    })
  })
})
