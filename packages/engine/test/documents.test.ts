/** Checks the package's documents: snippets type-check, run and print what they say, and links have a target. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { outputOf, programOf, snippetsOf } from '../../../test/support/snippets.ts'
import { vendorFlags } from '../src/setup/commands/vendor-flags.ts'

const home = fileURLToPath(new URL('../', import.meta.url))
const repository = fileURLToPath(new URL('../../../', import.meta.url))
const textOf = (path: string) => readFileSync(join(home, path), 'utf8')

const documents = ['README.md', ...readdirSync(join(home, 'docs')).map((name) => `docs/${name}`)]

// Inside the package, so that `mlx-app` is the one of this repository. Git and type checks ignore the folder.
const place = join(home, '.mlx')
mkdirSync(place, { recursive: true })
const folder = mkdtempSync(join(place, 'documents '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// test/e2e/package-*.test.ts runs those of README.md, each in its own kind of project.
describe('the snippets of docs/engine.md', () => {
  const { code, expected } = programOf(textOf('docs/engine.md'))
  writeFileSync(join(folder, 'snippets.ts'), code)
  // test/setup/vendor/linux.test.ts runs the recipe in this page.
  for (const [index, snippet] of snippetsOf(textOf('docs/vendor.md')).entries()) {
    writeFileSync(join(folder, `vendor-${index}.ts`), `${snippet.code}\nexport {}\n`)
  }
  const compilerOptions = { noUnusedLocals: false }
  const settings = {
    extends: join(repository, 'tsconfig.base.json'),
    compilerOptions,
    include: ['*.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  const run = (command: string, ...commandLine: string[]) =>
    execa(command, commandLine, {
      cwd: folder,
      preferLocal: true,
      localDir: repository,
      reject: false,
      all: true,
      env: { MLX_MODEL: 'hello' },
    })

  test('type-check', async () => {
    const { exitCode, all } = await run('tsc', '-p', '.')
    expect(exitCode, all).toBe(0)
  })

  test('print what they show', async () => {
    const { exitCode, stdout, all } = await run('node', '--import', 'tsx', 'snippets.ts')
    expect(exitCode, all).toBe(0)
    expect(outputOf(stdout)).toEqual(expected)
  })
})

/** Returns the anchors that GitHub and npm give to the headings of a document. */
function anchorsOf(document: string): string[] {
  const headings = Array.from(textOf(document).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}

test.each(documents)('%s links to files and headings that exist', (document) => {
  for (const [, path = '', anchor] of textOf(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
    const target = path === '' ? document : join(dirname(document), path)
    expect(existsSync(join(home, target)), `${document} links to ${target}`).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor)
  }
})

test('docs/vendor.md has every option with its variable', () => {
  const shown = textOf('docs/vendor.md')
  for (const [flag, { variable }] of Object.entries(vendorFlags)) {
    expect(shown).toMatch(new RegExp(`^\\|.*\`--${flag}\\b.*${variable}`, 'm'))
  }
})

describe('docs/engine.md', () => {
  const shown = textOf('docs/engine.md')

  const options = textOf('src/engine/options.ts')
  test.each([
    ['PromptOptions', 5],
    ['SamplingOptions', 10],
    ['GenerateOptions', 20],
    ['ResourceOptions', 5],
    ['EngineOptions', 6],
    ['LoadOptions', 7],
    ['DownloadOptions', 5],
  ])('has every option of %s', (name, count) => {
    const [, body = ''] = new RegExp(`interface ${name}.*?\\{\\n(.*?)\\n\\}`, 's').exec(options) ?? []
    const keys = Array.from(body.matchAll(/^ {2}(\w+)\?:/gm), ([, key = '']) => key)
    expect(keys.length).toBeGreaterThanOrEqual(count)
    for (const key of keys) expect(shown, key).toMatch(new RegExp(`\\b${key}\\b`))
  })

  test('has every question of the hello model', () => {
    const pairs = z
      .array(z.object({ question: z.string(), answer: z.string() }))
      .parse(JSON.parse(textOf('python/src/mlx_app/hello/answers.json')))
    const rows = new Map(
      Array.from(shown.matchAll(/^\| ([^|]+[.?]) \| ([^|]+) \|$/gm), ([, one = '', two = '']) => [one, two]),
    )
    for (const { question, answer } of pairs) {
      const row = rows.get(question)
      expect(row, question).toBeDefined()
      // Long answers are only described.
      if (answer.length < 100 && !answer.includes('\n')) expect(row).toBe(answer)
    }
  })
})
