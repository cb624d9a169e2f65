import { describe, expect, it } from 'vitest'
import { compose } from '../../src/compose/compose.ts'
import { renderContext } from '../../src/compose/context.ts'
import type { Layer, LayerFile } from '../../src/compose/layers.ts'
import { mergeManifests } from '../../src/compose/manifest.ts'
import { mergeObjects } from '../../src/compose/merge.ts'

const context = renderContext(
  { name: 'my-app', template: 'node', model: 'hello', packageManager: 'npm', author: 'A & B' },
  '1.2.3',
  [],
  '0123abcd',
)
const versions = new Map([['zod', '^4.0.0']])

function layer(name: string, files: Record<string, string | LayerFile>): Layer {
  const entries = Object.entries(files).map(
    ([path, file]) => [path, typeof file === 'string' ? Buffer.from(file) : file] as const,
  )
  return { name, files: new Map(entries) }
}

const composed = (...layers: Layer[]) =>
  Object.fromEntries(
    [...compose(layers, context, versions)].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]),
  )

describe('composing', () => {
  it('merges layers, sorted by path', () => {
    const files = composed(
      layer('one', { 'src/a.ts': 'a', _gitignore: 'x' }),
      layer('two', { 'python/src/_package_/b.py': 'b', 'python/_gitignore': 'y' }),
    )
    expect(files).toEqual({
      '.gitignore': 'x',
      'python/.gitignore': 'y',
      'python/src/my_app/b.py': 'b',
      'src/a.ts': 'a',
    })
    expect(Object.keys(files)).toEqual(Object.keys(files).sort())
  })

  it('copies bytes unchanged, whatever they contain', () => {
    const bytes = Buffer.from([0, 255, 10, 13, 123, 123])
    const workflow = ['$', '{{ matrix.node }} & {{name}}'].join('')
    const files = compose([layer('one', { 'x.bin': bytes, 'ci.yml': workflow })], context, versions)
    expect(files.get('x.bin')).toBe(bytes)
    expect(Buffer.from(files.get('ci.yml') ?? []).toString()).toBe(workflow)
  })

  it('renders templates without escaping', () => {
    expect(composed(layer('one', { LICENSE: ['(c) ', { value: 'author' }] })).LICENSE).toBe('(c) A & B')
  })

  it('refuses two files with the same path', () => {
    expect(() => composed(layer('one', { 'python/a': '' }), layer('two', { 'python/a': '' }))).toThrow(
      'Two layers write python/a: one and two',
    )
    expect(() => composed(layer('one', { 'package.json': '{}', 'package.part.json': '{}' }))).toThrow(
      'Two layers write package.json',
    )
  })

  it('refuses two names that are the same on macOS', () => {
    expect(() => composed(layer('one', { 'Readme.md': '' }), layer('two', { 'README.md': '' }))).toThrow(
      'differ only in case',
    )
  })

  it('joins the sections of all layers in the order of their numbers, without empty ones', () => {
    const files = composed(
      layer('two', { 'readme/20-more.md': '## More\n', 'agents/10-a.md': 'agents' }),
      layer('one', { 'readme/00-start.md': ['# ', { value: 'name' }, '\n\n'], 'readme/10-none.md': ' \n' }),
    )
    expect(files['README.md']).toBe('# my-app\n\n## More\n')
    expect(files['AGENTS.md']).toBe('agents\n')
  })

  it('refuses two sections with the same name, and invalid names', () => {
    const section = { 'readme/10-x.md': 'x' }
    expect(() => composed(layer('one', section), layer('two', section))).toThrow(
      'Two layers write the section README.md/10-x.md: one and two',
    )
    expect(() => composed(layer('one', { 'readme/x.md': '' }))).toThrow(
      'A section is called readme/NN-name.md',
    )
  })
})

describe('package.json', () => {
  const merge = (...manifests: unknown[]) =>
    mergeManifests(
      manifests.map((manifest, index) => ({ layer: `layer${index}`, manifest })),
      versions,
    )

  it('is merged key by key, sorted, with the versions of the host', () => {
    const merged = merge(
      { scripts: { test: 'vitest run' }, devDependencies: { zod: 'host', a: '1' }, type: 'module' },
      { name: 'x', scripts: { setup: 's' }, engines: { node: '20' }, other: 1 },
    )
    expect(Object.keys(merged)).toEqual(['name', 'type', 'scripts', 'devDependencies', 'engines', 'other'])
    expect(merged.scripts).toEqual({ setup: 's', test: 'vitest run' })
    expect(Object.keys(merged.scripts ?? {})).toEqual(['setup', 'test'])
    expect(merged.devDependencies).toEqual({ a: '1', zod: '^4.0.0' })
  })

  it('does not depend on the order of the layers', () => {
    const one = { scripts: { b: '1', start: '2' }, dependencies: { zod: 'host' } }
    const other = { scripts: { a: '3', setup: '4' }, dependencies: { abc: '1' } }
    expect(JSON.stringify(merge(one, other))).toBe(JSON.stringify(merge(other, one)))
  })

  it('takes the same value twice, and refuses a different one', () => {
    expect(merge({ type: 'module' }, { type: 'module' })).toEqual({ type: 'module' })
    expect(() => merge({ scripts: { test: 'a' } }, { scripts: { test: 'b' } })).toThrow(
      'package.part.json of layer1 contradicts another layer',
    )
    expect(() => mergeObjects({ a: { b: 1 } }, { a: { b: 2 } })).toThrow('a.b is both 1 and 2')
  })

  it('runs the parts of a script from several layers one after the other', () => {
    const fragments = [['tsc'], ['tsc -p web']].map((typecheck, number) => ({
      layer: `layer${number}`,
      manifest: { scripts: { typecheck } },
    }))
    expect(mergeManifests(fragments, versions)).toEqual({ scripts: { typecheck: 'tsc && tsc -p web' } })
  })

  it('refuses "host" for a package that the host does not have', () => {
    expect(() => merge({ dependencies: { left: 'host' } })).toThrow('no version of left')
  })

  it('joins lists without repeating', () => {
    expect(mergeObjects({ files: ['a', 'b'] }, { files: ['b', 'c'] })).toEqual({ files: ['a', 'b', 'c'] })
  })
})
