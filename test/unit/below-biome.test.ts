/** Projects below a folder with a configuration of Biome: both are checked as before, by their own rules. */
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import type { Answers } from '../../src/choices.ts'
import { temporaryFolder, writeTree } from '../support/folders.ts'
import { plan } from './plans.ts'

const biome = fileURLToPath(new URL('../../node_modules/.bin/biome', import.meta.url))
const check = async (cwd: string): Promise<string> =>
  (await execa(biome, ['check', '.'], { cwd, reject: false, all: true })).all

/** Creates a folder with Biome's configuration and a project below it, with what git ignores there. */
async function projectBelow(changes: Partial<Answers>): Promise<{ root: string; project: string }> {
  const root = temporaryFolder()
  const project = `${root}/apps/one`
  writeTree(root, {
    'biome.json': '{ "linter": { "enabled": true }, "formatter": { "indentStyle": "tab" } }\n',
    'a.ts': 'export const one = "one";\n',
  })
  writeTree(project, Object.fromEntries(await plan(changes)))
  const foreign = ['dist/a.js', 'out/a.js', '.mlx/a.js', 'models/a/a.js', 'dist-ext-python/a.js']
  writeTree(project, Object.fromEntries(foreign.map((path) => [path, "var   a = 'a'\n"])))
  return { root, project }
}

describe.each(['node', 'server', 'desktop'] as const)('a project of the template %s', (template) => {
  it('is checked by its own rules, and so is the rest', async () => {
    const { root, project } = await projectBelow({ template, belowBiome: true })
    expect(await check(project)).toMatch(/^Checked \d+ files? in \S+ No fixes applied\.$/)
    expect(await check(root)).toMatch(/^Checked \d+ files? in \S+ No fixes applied\.$/)
    writeTree(project, { 'test/b.ts': 'export const b = "b";\n' })
    for (const folder of [root, project]) expect(await check(folder)).toContain('Found 1 error.')
  })
})

it('is refused by Biome without the setting', async () => {
  const { root } = await projectBelow({})
  expect(await check(root)).toContain('root configuration')
})
