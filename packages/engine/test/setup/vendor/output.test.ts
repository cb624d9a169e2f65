/** How a new output takes the place of an old one. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { prepareOutput, replaceOutput } from '../../../src/setup/vendor/build/output.ts'
import type { VendorPlan } from '../../../src/setup/vendor/plan/plan.ts'
import { type VendorProject, vendorProject } from './vendor-project.ts'

let folder: string
let dist: string
let project: VendorProject
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vendor-output-'))
  dist = join(folder, 'dist')
  project = await vendorProject()
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  project.remove()
})

/** Returns a plan for the folder. */
async function plan(changes: Partial<VendorPlan> = {}): Promise<VendorPlan> {
  return { ...(await project.plan([])), distDirectory: dist, ...changes }
}

/** Makes a folder as `vendor` does. */
function make(parent: string, name: string, content: string): void {
  mkdirSync(join(parent, name), { recursive: true })
  writeFileSync(join(parent, name, 'vendor.json'), content)
}

const contentOf = (name: string) => readFileSync(join(dist, name, 'vendor.json'), 'utf8')

test('git ignores a new folder, and keeps what the user wrote in theirs', async () => {
  await prepareOutput({ distDirectory: dist })
  expect(readFileSync(join(dist, '.gitignore'), 'utf8')).toBe('*\n')
  const own = join(folder, 'resources')
  mkdirSync(own)
  writeFileSync(join(own, '.gitignore'), 'secret\n')
  await prepareOutput({ distDirectory: own })
  expect(readFileSync(join(own, '.gitignore'), 'utf8')).toBe('secret\n')
  const icons = join(folder, 'icons')
  mkdirSync(icons)
  writeFileSync(join(icons, 'icon.png'), '')
  await prepareOutput({ distDirectory: icons })
  expect(existsSync(join(icons, '.gitignore'))).toBe(false)
})

test('--clean deletes the rest only once the new output is there', async () => {
  make(dist, 'my-desk', 'old')
  make(dist, 'another-name', 'old')
  writeFileSync(join(dist, '.DS_Store'), '')
  const planned = await plan({ clean: true, interpreter: undefined })
  const staging = await prepareOutput(planned)
  expect(contentOf('another-name')).toBe('old')
  make(staging, 'my-desk', 'new')
  await replaceOutput(staging, planned)
  rmSync(staging, { recursive: true })
  expect(contentOf('my-desk')).toBe('new')
  expect(readdirSync(dist).sort()).toEqual(['.DS_Store', 'my-desk'])
})

test('without --clean, builds under other names stay', async () => {
  make(dist, 'another-name', 'old')
  const planned = await plan({ interpreter: undefined })
  const staging = await prepareOutput(planned)
  make(staging, 'my-desk', 'new')
  await replaceOutput(staging, planned)
  expect([contentOf('my-desk'), contentOf('another-name')]).toEqual(['new', 'old'])
})

test('if a folder cannot be moved, the old output goes back', async () => {
  make(dist, 'my-desk', 'old')
  make(dist, 'python', 'old')
  const planned = await plan({ interpreter: 'download' })
  const staging = await prepareOutput(planned)
  // There is no new interpreter to move.
  make(staging, 'my-desk', 'new')
  await expect(replaceOutput(staging, planned)).rejects.toThrow('ENOENT')
  expect([contentOf('my-desk'), contentOf('python')]).toEqual(['old', 'old'])
})
