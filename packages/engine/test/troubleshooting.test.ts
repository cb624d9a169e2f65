/** Checks docs/troubleshooting.md: it has every error code, its examples fail with them, and its fixes are the hints. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { engineErrorCodes } from '../src/engine/index.ts'
import { withHint } from '../src/engine/local/hints.ts'
import { findInterpreter, findProject } from '../src/engine/project/index.ts'
import { pythonDirectory } from '../src/package-files.ts'

const page = readFileSync(new URL('../docs/troubleshooting.md', import.meta.url), 'utf8')
const [introduction = '', , rest = ''] = page.split(/^## (Error codes)\n/m)
const [codesPart = ''] = rest.split(/^## /m)
const sections = new Map(
  codesPart
    .split(/^### /m)
    .slice(1)
    .map((text) => [/^`(\w+)`/.exec(text)?.[1] ?? text, text]),
)

/** Returns the first example of a part of the page in a language, if it has one. */
function exampleIn(text: string, language: 'ts' | 'python'): string | undefined {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(text)?.[1]
}

/** Returns the examples by their code. The one that ends the engine comes last. A machine with a GPU has no error to show. */
function examplesOf(language: 'ts' | 'python'): [string, string][] {
  return [...sections]
    .flatMap(([code, text]): [string, string][] => {
      const example = exampleIn(text, language)
      return example === undefined || (code === 'MLX_NOT_WORKING' && process.platform === 'darwin')
        ? []
        : [[code, example]]
    })
    .sort(([one], [other]) => Number(one === 'DISPOSED') - Number(other === 'DISPOSED'))
}

const folder = mkdtempSync(join(tmpdir(), 'troubleshooting '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const python = findInterpreter(findProject(import.meta.dirname)).python
const runPython = async (file: string, env: NodeJS.ProcessEnv = {}) =>
  await execa(python, [file], {
    cwd: folder,
    env: { PYTHONPATH: join(pythonDirectory, 'src'), ...env },
    reject: false,
  })

test('each code of the engine has an entry, and there is no other', () => {
  expect([...sections.keys()]).toEqual(engineErrorCodes)
})

describe('the examples fail with the code in their heading', () => {
  const linesOf = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('saw '))

  test('in TypeScript', async () => {
    const examples = examplesOf('ts')
    expect(examples.length).toBeGreaterThan(15)
    const imports = examples.flatMap(([, code]) => code.match(/^import .*\n/gm) ?? [])
    const program = [
      ...new Set(imports),
      exampleIn(introduction, 'ts'),
      'async function see(run: () => Promise<unknown>) {',
      '  try { await run() } catch (error) {',
      '    if (!EngineError.isInstance(error)) throw error',
      '    return error.code',
      '  }',
      '}',
      ...examples.map(([, code]) => {
        const body = code.replaceAll(/^import .*\n/gm, '')
        return `console.log('saw', await see(async () => {\n${body}}))`
      }),
    ]
    const file = join(folder, 'examples.mts')
    const packages = fileURLToPath(new URL('../../../node_modules/', import.meta.url))
    const absolute = program.join('\n').replaceAll(/from '(mlx-app|zod)'/g, (_, name: string) => {
      const path = name === 'zod' ? join(packages, 'zod', 'index.js') : sourceOfEngine
      return `from '${pathToFileURL(path)}'`
    })
    writeFileSync(file, absolute)
    const loader = pathToFileURL(join(packages, 'tsx', 'dist', 'loader.mjs')).href
    const result = await execa('node', ['--import', loader, file], {
      cwd: folder,
      env: { MLX_MODEL: 'hello', MLX_PYTHON: '', MLX_PROJECT: import.meta.dirname },
      reject: false,
      all: true,
    })
    expect(linesOf(result.stdout), result.all).toEqual(examples.map(([code]) => `saw ${code}`))
    expect(result.exitCode, result.all).toBe(0)
    expect(result.stderr).toContain('INVALID_REQUEST')
  })

  test('in Python', async () => {
    const examples = examplesOf('python')
    expect(examples.length).toBeGreaterThan(10)
    const program = [
      exampleIn(introduction, 'python'),
      ...examples.map(([, code]) => {
        const body = code.replaceAll(/^(?=.)/gm, '    ')
        return `try:\n${body}    print("saw no error", flush=True)\nexcept EngineError as error:\n    print("saw", error.code, flush=True)`
      }),
    ]
    const file = join(folder, 'examples.py')
    writeFileSync(file, program.join('\n'))
    const result = await runPython(file, { HF_ENDPOINT: 'http://127.0.0.1:2' })
    expect(linesOf(result.stdout), result.stderr).toEqual(examples.map(([code]) => `saw ${code}`))
    expect(result.exitCode, result.stderr).toBe(0)
    expect(result.stdout).toMatch(/^INVALID_REQUEST /)
  })
})

const sourceOfEngine = fileURLToPath(new URL('../src/engine/index.ts', import.meta.url))

describe('the entries have the hints that the errors have', () => {
  /** Returns words as one line without Markdown. */
  const plain = (text: string) => text.replaceAll(/[`*]/g, '').replaceAll(/\s+/g, ' ')
  const entry = (code: string) => plain(sections.get(code) ?? '')

  test('in TypeScript', () => {
    const hints = engineErrorCodes.map((code) => [code, withHint(code, '').hint] as const)
    expect(hints.filter(([, hint]) => hint !== undefined).length).toBeGreaterThan(8)
    for (const [code, hint] of hints) if (hint !== undefined) expect(entry(code)).toContain(plain(hint))
  })

  test('in Python', async () => {
    const file = join(folder, 'hints.py')
    writeFileSync(
      file,
      [
        'import json, typing',
        'from mlx_app.engine.explain import explain',
        'from mlx_app.own_command import own_program',
        'from mlx_app.protocol import ErrorCode, Failure',
        'codes = typing.get_args(ErrorCode)',
        'hints = {code: explain(Failure(id=1, code=code, message="")).hint for code in codes}',
        // The page has the name of the program, and a hint the way to run it here.
        'print(json.dumps({code: hint and hint.replace(own_program(), "mlx-app") for code, hint in hints.items()}))',
      ].join('\n'),
    )
    const { stdout, stderr } = await runPython(file)
    const hints = z.record(z.string(), z.string().nullable()).parse(JSON.parse(stdout || stderr))
    expect(Object.values(hints).filter((hint) => hint !== null).length).toBeGreaterThan(4)
    for (const [code, hint] of Object.entries(hints)) {
      if (hint !== null) expect(entry(code)).toContain(plain(hint))
    }
  })
})
