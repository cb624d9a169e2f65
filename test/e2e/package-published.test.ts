/** The package mlx-app as it is published: what is in it, how its types resolve, and that each export is documented. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { packPackages } from '../../scripts/packages.ts'

const folder = mkdtempSync(join(tmpdir(), 'mlx-app-published-'))
const unpacked = join(folder, 'package')
let tarball: string
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const manifestSchema = z.looseObject({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
  bin: z.record(z.string(), z.string()),
  exports: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])),
})
const textOf = (path: string) => readFileSync(join(unpacked, path), 'utf8')
const manifest = () => manifestSchema.parse(JSON.parse(textOf('package.json')))

beforeAll(async () => {
  tarball = (await packPackages()).find(({ name }) => name === 'mlx-app')?.path ?? ''
  await execa('tar', ['-xzf', tarball, '-C', folder])
})

test('publint finds nothing', async () => {
  const { messages } = await publint({ pkgDir: unpacked, strict: true })
  expect(messages.map((message) => formatMessage(message, manifest()) ?? message.code)).toEqual([])
})

test('its types resolve in every mode that supports ES modules', async () => {
  // For ES modules alone: CommonJS imports the package by `await import`, which the profile passes by.
  const flags = ['--profile', 'esm-only', '--format', 'json']
  const { exitCode, stdout } = await execa('npx', ['attw', tarball, ...flags], { reject: false })
  expect({ exitCode, stdout: exitCode === 0 ? '' : stdout }).toEqual({ exitCode: 0, stdout: '' })
  expect(stdout).toContain('"mlx-app"')
})

test('has few dependencies, all of them named in its README', () => {
  const readme = textOf('README.md')
  expect(Object.keys(manifest().dependencies).sort()).toEqual(['eventsource-parser', 'execa', 'smol-toml'])
  expect(Object.keys(manifest().peerDependencies)).toEqual(['zod'])
  for (const name of Object.keys(manifest().dependencies)) expect(readme).toContain(`\`${name}\``)
})

test('contains the files that it declares, and none that only this repository needs', () => {
  const { exports, bin } = manifest()
  const targets = Object.values(exports).map((target) => (typeof target === 'string' ? { target } : target))
  const named = [...targets, bin].flatMap((paths) => Object.values(paths))
  for (const path of named) expect(existsSync(join(unpacked, path)), path).toBe(true)
  const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' })
  expect(
    files.filter((path) => /(^|\/)(test|tests|node_modules|\.mlx|__pycache__)(\/|$)/.test(path)),
  ).toEqual([])
  expect(files.filter((path) => path.endsWith('.whl'))).toHaveLength(1)
  expect(textOf('package.json')).not.toContain('mlx-app-source')
  // A source map leads to a source that is there.
  for (const path of files.filter((name) => name.endsWith('.js.map') && !name.endsWith('release.js.map'))) {
    const { sources } = z.object({ sources: z.array(z.string()) }).parse(JSON.parse(textOf(path)))
    for (const source of sources) expect(existsSync(join(unpacked, dirname(path), source)), path).toBe(true)
  }
})

interface Exported {
  name: string
  /** The file that declares it. */
  file: string
}

/** All that a declaration file has from others, to export or to pass on. */
function fromOthers(file: string, keyword: 'export' | 'import|export'): Exported[] {
  const blocks = textOf(file).matchAll(
    new RegExp(`^(?:${keyword}) (?:type )?\\{([^}]*)\\} from '([^']+)'`, 'gms'),
  )
  return Array.from(blocks, ([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => ({ name, file: join(dirname(file), from.replace(/\.[jt]s$/, '.d.ts')) })),
  ).flat()
}

/** Whether a comment for the reader of an editor stands in front of a declaration. */
function isDocumented({ name, file }: Exported): boolean {
  const lines = textOf(file).split('\n')
  const declared = new RegExp(
    `^export (declare )?(abstract )?(function|class|const|interface|type) ${name}\\b`,
  )
  const index = lines.findIndex((line) => declared.test(line))
  if (index < 0) {
    const passedOn = fromOthers(file, 'import|export').find((exported) => exported.name === name)
    if (passedOn === undefined) throw new Error(`${file} does not declare ${name}`)
    return isDocumented(passedOn)
  }
  return /\*\/\s*$/.test(lines[index - 1] ?? '')
}

describe.each(['dist/engine/index.d.ts', 'dist/setup/index.d.ts'])('%s', (file) => {
  test('documents each export', () => {
    const exported = fromOthers(file, 'export')
    expect(exported.length).toBeGreaterThan(10)
    expect(exported.filter((one) => !isDocumented(one)).map(({ name }) => name)).toEqual([])
  })

  test('has the exports of the built package', () => {
    expect(JSON.stringify(manifest().exports)).toContain(file)
  })
})

test('documents each method of an engine and each option', () => {
  const undocumented: string[] = []
  for (const file of ['dist/engine/engine.d.ts', 'dist/engine/options.d.ts']) {
    const lines = textOf(file).split('\n')
    for (const [index, line] of lines.entries()) {
      const [, name = ''] = /^ {4}(\w+)\??[(:<]/.exec(line) ?? []
      const inInterface = lines
        .slice(0, index)
        .findLast((above) => /^\S/.test(above))
        ?.startsWith('export interface')
      if (name !== '' && inInterface && !/\*\/\s*$/.test(lines[index - 1] ?? ''))
        undocumented.push(`${file} ${name}`)
    }
  }
  expect(undocumented).toEqual([])
})
