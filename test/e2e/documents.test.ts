/** What the documents of a generated project show is true: every snippet type-checks, runs, and prints what they say. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, describe, expect, test } from 'vitest'
import type { Answers } from '../../src/choices.ts'
import { openTemplates } from '../../src/compose/open.ts'
import { planProject } from '../../src/steps/plan.ts'
import { outputOf, programOf } from '../support/snippets.ts'

const repository = new URL('../../', import.meta.url)
const answers: Answers = {
  name: 'my-app',
  template: 'node',
  model: 'hello',
  packageManager: 'npm',
  author: 'Ada Lovelace',
}
const files = await planProject(answers, await openTemplates(repository), '0.0.0')
const textOf = (path: string) => Buffer.from(files.get(path) ?? []).toString()

// Below templates/, where `mlx-app` is the package of this repository; git and type checks pass the folder by.
const place = fileURLToPath(new URL('templates/.mlx', repository))
mkdirSync(place, { recursive: true })
const folder = mkdtempSync(join(place, 'documents '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(['README.md'])('%s', (document) => {
  const { code, expected } = programOf(textOf(document))
  const home = join(folder, document.replaceAll(/\W/g, '-'))
  mkdirSync(home)
  writeFileSync(join(home, 'snippets.ts'), code)
  const compilerOptions = { noUnusedLocals: false }
  writeFileSync(
    join(home, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions, include: ['snippets.ts'] }),
  )
  const run = (command: string, ...commandLine: string[]) =>
    execa(command, commandLine, {
      cwd: home,
      preferLocal: true,
      localDir: fileURLToPath(repository),
      reject: false,
      all: true,
      env: { MLX_MODEL: 'hello', NODE_OPTIONS: '--conditions=mlx-app-source' },
    })

  test('type-checks', async () => {
    const { exitCode, all } = await run('tsc', '-p', '.')
    expect(exitCode, all).toBe(0)
  })

  test('prints what the document shows', async () => {
    const { exitCode, stdout, all } = await run('node', '--import', 'tsx', 'snippets.ts')
    expect(exitCode, all).toBe(0)
    expect(outputOf(stdout)).toEqual(expected)
  })

  test('links to headings that exist', () => {
    const anchors = (path: string) =>
      Array.from(textOf(path).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      )
    for (const [, path = '', anchor = ''] of textOf(document).matchAll(
      /\]\((?!https?:)([^)#]*)#([^)]+)\)/g,
    )) {
      expect(anchors(path === '' ? document : path)).toContain(anchor)
    }
  })
})
