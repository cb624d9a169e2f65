/** Vendors for macOS on this machine, in the locked versions, and checks everything that doesn't need a Mac. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { pythonDirectory } from '../../../src/package-files.ts'
import { lockedVersion } from '../../../src/setup/plan/locks.ts'
import { readBinary } from '../../../src/setup/vendor/check/mach-o.ts'
import { type FileEntry, listFiles } from '../../../src/setup/vendor/files.ts'
import { arm64, buildVersion, machO, version } from './mach-o-file.ts'
import { type VendorProject, vendorProject } from './vendor-project.ts'

const resultSchema = z.looseObject({
  folder: z.string(),
  site: z.string(),
  packages: z.record(z.string(), z.string()),
  sizes: z.object({ packages: z.object({ installedBytes: z.number(), prunedBytes: z.number() }) }),
})

describe('an output for macOS', () => {
  let project: VendorProject
  let result: z.infer<typeof resultSchema>
  let files: FileEntry[]
  // That of the system, whose Python compiles the output.
  let minor: number
  const write = (name: string, content: string | Buffer) => {
    const path = join(project.root, name.replace('MINOR', String(minor)))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content, { mode: 0o755 })
  }

  beforeAll(async () => {
    project = await vendorProject()
    const plan = await project.plan([])
    minor = plan.target.minor
    // There is no interpreter for macOS on the registries of these tests: this one has its folders and headers only.
    write('python/bin/python3.MINOR', machO(arm64, buildVersion(version(11))))
    symlinkSync(`python3.${minor}`, join(project.root, 'python', 'bin', 'python3'))
    write('python/bin/pip3', '')
    write('python/lib/python3.MINOR/os.py', 'name = "posix"')
    write('python/lib/python3.MINOR/ensurepip/__init__.py', '')
    // A machine that MLX does not support can vendor for one that it does.
    write(
      'older.mjs',
      'const { header } = process.report.getReport()\n' +
        "process.report.getReport = () => ({ header: { ...header, glibcVersionRuntime: '2.31' } })\n",
    )
    const older = { NODE_OPTIONS: `--import=${pathToFileURL(join(project.root, 'older.mjs')).href}` }
    const { exitCode, stdout, stderr } = await project.run(
      ['--target-platform', 'darwin-arm64', '--json'],
      older,
    )
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain('Not run: it is for another system')
    result = resultSchema.parse(JSON.parse(stdout))
    files = await listFiles(result.site)
  }, 900_000)
  afterAll(() => project?.remove())

  test('has the locked packages of macOS', () => {
    const lock = readFileSync(join(pythonDirectory, 'requirements.lock'), 'utf8')
    for (const name of ['mlx', 'mlx-metal', 'mlx-lm', 'transformers']) {
      expect(result.packages[name]).toBe(lockedVersion(lock, name))
    }
    expect(result.packages['mlx-cpu']).toBeUndefined()
    expect(result).toMatchObject({
      platform: 'darwin-arm64',
      oldestSystem: '14.0',
      python: `3.${minor}`,
      abi: `cp3${minor}`,
      compiled: true,
      generated: null,
      systemLibraries: [],
    })
  })

  test('has binaries for Apple silicon that load on macOS 14, and the Metal library', async () => {
    const libraries = files.filter(({ name }) => /\.(so|dylib)$/.test(name))
    expect(libraries.length).toBeGreaterThan(20)
    for (const { name, path } of libraries) {
      const arm = (await readBinary(path)).find(({ machine }) => machine === 'arm64')
      expect(arm?.format, name).toBe('mach-o')
      expect(Number.parseFloat(arm?.minMacos ?? '99'), name).toBeLessThanOrEqual(14)
    }
    const names = files.map(({ name }) => name)
    expect(names).toContain(`mlx/core.cpython-3${minor}-darwin.so`)
    expect(names).toContain('mlx/lib/mlx.metallib')
    expect(names).toContain('mlx_app/worker/__main__.py')
  })

  test('has no links, no scripts of the machine that built it, and is pruned', () => {
    expect(files.filter(({ isLink, links }) => isLink || links > 1)).toEqual([])
    expect(files.filter(({ name }) => name.startsWith('bin/'))).toEqual([])
    const { installedBytes, prunedBytes } = result.sizes.packages
    expect(prunedBytes).toBeLessThan(installedBytes * 0.9)
  })

  test('has the interpreter of ./python without pip, compiled by the Python of this machine', async () => {
    const names = (await listFiles(join(project.root, 'dist-ext-python', 'python'))).map(({ name }) => name)
    expect(names).toEqual([
      'bin/python3',
      `bin/python3.${minor}`,
      `lib/python3.${minor}/__pycache__/os.cpython-3${minor}.pyc`,
      `lib/python3.${minor}/os.py`,
      'vendor.json',
    ])
    const compiled = files.filter(({ name }) => name.endsWith('.pyc'))
    expect(compiled.length).toBeGreaterThan(1000)
  })

  test('has the files that the first start of an app would write', () => {
    const saved = ['models', 'None'].map(
      (prefix) => `mlx_app-${prefix}-${result.packages.transformers}-cpython-3${minor}.marshal`,
    )
    const folder = 'transformers/models/__pycache__'
    const names = files.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(saved.map((name) => `${folder}/${name}`)))
  })

  test('does not run here, and its launcher says why', async () => {
    const { exitCode, stderr } = await execa(join(result.folder, 'my-desk'), ['--check-mlx-stack'], {
      env: { EMBEDDED_PYTHON: project.systemPython },
      reject: false,
    })
    expect([exitCode, stderr]).toEqual([
      4,
      expect.stringContaining(`the packages are built for cpython-3${minor}-darwin, but`),
    ])
  })
})
