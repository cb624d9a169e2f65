/** Vendors for macOS on this machine, in the locked versions, and checks everything that doesn't need a Mac. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { pythonDirectory } from '../../../src/package-files.ts'
import { lockedVersion } from '../../../src/setup/plan/locks.ts'
import { readBinary } from '../../../src/setup/vendor/check/mach-o.ts'
import { type FileEntry, listFiles } from '../../../src/setup/vendor/files.ts'
import { type VendorProject, vendorProject } from './vendor-project.ts'

const resultSchema = z.looseObject({
  site: z.string(),
  packages: z.record(z.string(), z.string()),
  sizes: z.object({ packages: z.object({ installedBytes: z.number(), prunedBytes: z.number() }) }),
})

describe('an output for macOS', () => {
  let project: VendorProject
  let result: z.infer<typeof resultSchema>
  let files: FileEntry[]

  beforeAll(async () => {
    project = await vendorProject()
    const words = ['--target-platform', 'darwin-arm64', '--target-python', '3.12', '--wheels-only', '--json']
    const { exitCode, stdout, stderr } = await project.run(words)
    expect(exitCode, stderr).toBe(0)
    result = resultSchema.parse(JSON.parse(stdout))
    files = await listFiles(result.site)
  })
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
      python: '3.12',
      abi: 'cp312',
      generated: null,
      interpreter: null,
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
    expect(names).toContain('mlx/core.cpython-312-darwin.so')
    expect(names).toContain('mlx/lib/mlx.metallib')
    expect(names).toContain('mlx_app/worker/__main__.py')
  })

  test('has no links, no scripts of the machine that built it, and is pruned', () => {
    expect(files.filter(({ isLink, links }) => isLink || links > 1)).toEqual([])
    expect(files.filter(({ name }) => name.startsWith('bin/'))).toEqual([])
    const { installedBytes, prunedBytes } = result.sizes.packages
    expect(prunedBytes).toBeLessThan(installedBytes * 0.9)
  })
})
