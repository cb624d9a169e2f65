/** The checks of what was installed, on folders that have each fault. */
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { unusedInterpreterFiles, unusedPackageFiles } from '../../../src/setup/vendor/build/prune.ts'
import { requireMetalLibrary } from '../../../src/setup/vendor/check/binaries.ts'
import { requireNoLinksOut } from '../../../src/setup/vendor/check/links.ts'
import {
  type InstalledPackage,
  requireAbiOfModules,
  requireLockedPackages,
} from '../../../src/setup/vendor/check/packages.ts'
import { deleteMatching, listFiles } from '../../../src/setup/vendor/files.ts'
import { type VendorProject, vendorProject } from './vendor-project.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vendor-checks-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), name)
  }
}

const names = async () => (await listFiles(folder)).map(({ name }) => name)

describe('installed packages', () => {
  let project: VendorProject
  beforeEach(async () => {
    project = await vendorProject()
    return () => project.remove()
  })
  const any = ['py3-none-any']
  const right: InstalledPackage[] = [
    { name: 'mlx', version: '0.32.4', tags: ['cp312-cp312-macosx_14_0_arm64'] },
    { name: 'mlx-lm', version: '0.32.2', tags: any },
    { name: 'mlx-app', version: '0.1.0', tags: any },
  ]
  const check = async (changes: Partial<InstalledPackage>, words: string[] = []) => {
    const plan = await project.plan([
      '--target-platform',
      'darwin-arm64',
      '--target-python',
      '3.12',
      ...words,
    ])
    const lock = join(folder, 'requirements.lock')
    writeFileSync(lock, 'mlx==0.32.4 \\\n    --hash=sha256:0\nmlx-lm==0.32.2\nnumpy==1 ; a\nnumpy==2 ; b\n')
    const packages = right.map((each) => (each.name === changes.name ? { ...each, ...changes } : each))
    requireLockedPackages(packages, [lock], plan)
  }

  test('must have the locked versions', async () => {
    await check({})
    await expect(check({ name: 'mlx', version: '0.29.0' })).rejects.toThrow(
      'mlx 0.29.0 was installed instead of 0.32.4.',
    )
    const plan = await project.plan([])
    expect(() => requireLockedPackages(right.slice(1), [], plan)).toThrow(
      'mlx is not among the installed packages.',
    )
  })

  test('must have a tag for the target', async () => {
    const tags = ['cp312-cp312-macosx_15_0_arm64']
    await expect(check({ name: 'mlx', tags })).rejects.toThrow(
      `mlx 0.32.4 is built for ${tags[0]}, which is not for macOS 14.0`,
    )
    await check({ name: 'mlx', tags }, ['--min-macos', '15.0'])
    await expect(check({ name: 'mlx', tags: ['cp311-cp311-macosx_14_0_arm64'] })).rejects.toThrow(
      'is built for cp311',
    )
  })

  test('have modules with one ABI, and a Metal library on a Mac', async () => {
    const { target } = await project.plan(['--target-platform', 'darwin-arm64'])
    write('a/b.cpython-312-darwin.so', 'a/c.abi3.so', 'mlx/lib/mlx.metallib')
    requireAbiOfModules(await listFiles(folder), 'cp312')
    requireMetalLibrary(await listFiles(folder), target)
    expect(() => requireMetalLibrary([], target)).toThrow('no Metal library')
    write('a/d.cpython-311-darwin.so')
    const files = await listFiles(folder)
    expect(() => requireAbiOfModules(files, 'cp312')).toThrow('a/d.cpython-311-darwin.so has the ABI cp311')
  })
})

describe('links', () => {
  const check = async () => await requireNoLinksOut(folder, await listFiles(folder))

  test('within the folder are allowed', async () => {
    write('bin/python3.12')
    symlinkSync('python3.12', join(folder, 'bin', 'python3'))
    await check()
  })

  test.each([
    ['absolute', () => join(folder, 'a'), 'which is not a relative path'],
    ['out of the folder', () => join('..', '..', 'tmp'), 'which is outside'],
    ['to nothing', () => 'missing', 'which does not exist'],
  ])('%s are refused', async (_, target, message) => {
    write('a')
    symlinkSync(target(), join(folder, 'link'))
    await expect(check()).rejects.toThrow(message)
  })

  test('that are hard are refused', async () => {
    write('a')
    linkSync(join(folder, 'a'), join(folder, 'b'))
    await expect(check()).rejects.toThrow('is a hard link')
  })
})

test('pruning keeps what mlx-lm needs, and deletes empty folders', async () => {
  const kept = [
    'transformers/models/llama/configuration_llama.py',
    'transformers/models/auto/modeling_auto.py',
    'mlx/core.so',
    'mlx_lm/models/llama.py',
  ]
  write(
    ...kept,
    ...[
      'transformers/models/llama/modeling_llama.py',
      'transformers/models/x/modular_x.py',
      'mlx/include/mlx/mlx.h',
    ],
    ...['bin/mlx_lm.server', 'numpy/tests/test_a.py', 'mlx/core/fft.pyi', 'a/__pycache__/b.pyc', '.lock'],
    'mlx_app-0.1.0.dist-info/direct_url.json',
  )
  await deleteMatching(folder, unusedPackageFiles)
  expect(await names()).toEqual(kept.toSorted())
})

test('of the interpreter, pip is deleted and the standard library is kept', async () => {
  const kept = [
    'bin/python3.12',
    'lib/libpython3.12.dylib',
    'lib/python3.12/os.py',
    'lib/python3.12/unittest/case.py',
    'lib/python3.12/lib-dynload/_ssl.so',
  ]
  write(
    ...kept,
    ...[
      'bin/pip3',
      'bin/idle3.12',
      'bin/python3-config',
      'include/python3.12/Python.h',
      'share/man/python3.1',
    ],
    ...[
      'lib/python3.12/site-packages/pip/__init__.py',
      'lib/python3.12/site-packages/pip-24.0.dist-info/METADATA',
    ],
    ...[
      'lib/python3.12/test/test_a.py',
      'lib/python3.12/ensurepip/a.whl',
      'lib/python3.12/tkinter/a.py',
      'lib/tcl8.6/a',
    ],
  )
  await deleteMatching(folder, unusedInterpreterFiles)
  expect(await names()).toEqual(kept.toSorted())
})
