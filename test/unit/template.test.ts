import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Handlebars from 'handlebars'
import { describe, expect, it } from 'vitest'
import { packLayers } from '../../scripts/pack-layers.ts'
import { type Answers, packageManagers } from '../../src/choices.ts'
import { contextKeys, renderContext } from '../../src/compose/context.ts'
import type { LayerFile } from '../../src/compose/layers.ts'
import { unpackLayers } from '../../src/compose/packed.ts'
import { parseTemplate } from '../../src/compose/parse-template.ts'
import { render } from '../../src/compose/template.ts'

const templatesDirectory = fileURLToPath(new URL('../../templates', import.meta.url))
const answers: Answers = {
  name: 'my-app',
  template: 'node',
  model: 'hello',
  packageManager: 'npm',
  author: `A "B" <c> & 'd'`,
}
const context = renderContext(answers, '1.2.3', [], '0123abcd')

/** What Handlebars itself makes of a text, as strict as it can be and escaping nothing. */
function withHandlebars(text: string, values: object): string {
  const handlebars = Handlebars.create()
  handlebars.registerHelper('json', (value: unknown) => JSON.stringify(value))
  return handlebars.compile(text, { strict: true, noEscape: true })(values)
}

const rendered = (text: string) => render(parseTemplate(text, 'x.hbs'), context)

describe('templates', () => {
  it.each([
    'plain & <text> with } and { and $&',
    '{{name}} by {{author}}, {{{author}}}',
    '"model": {{json author}},',
    'a\n{{#if isHello}}\nhello\n{{else}}\nother\n{{/if}}\nb\n',
    'a {{#if isHello}}hello{{else}}other{{/if}} b',
    '{{#unless isHello}}no{{else}}yes{{/unless}}',
    '{{#unless isHello}}\nno\n{{/unless}}\nend',
    '{{#if isHello}}{{#if pass}}pass{{/if}}{{/if}}',
    'a {{~name~}} b',
    'a {{! nothing }} b {{!-- of {{this}} --}}\n{{! alone on a line }}\nc',
    '\\{{name}}',
  ])('match the output of Handlebars: %j', (text) => {
    expect(rendered(text)).toBe(withHandlebars(text, context))
  })

  it.each([
    ['{{unknown}}', 'x.hbs:1: there is no value unknown'],
    ['a\n{{#if unknown}}{{/if}}', 'x.hbs:2: there is no value unknown'],
    ['{{#each name}}{{/each}}', 'x.hbs:1: templates support'],
    ['{{> partial}}', 'x.hbs:1: templates support'],
    ['{{json}}', 'there is no value json'],
    ['{{name', 'Parse error'],
  ])('refuse %s', (text, message) => {
    expect(() => rendered(text)).toThrow(message)
  })

  it('know each value of the context', () => {
    expect([...contextKeys].sort()).toEqual(Object.keys(context).sort())
  })

  const files = readdirSync(templatesDirectory, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.hbs') && !path.includes('node_modules') && !path.includes('.venv'),
  )

  it.each(files)('of this repository match the output of Handlebars: %s', (path) => {
    const text = readFileSync(join(templatesDirectory, path), 'utf8')
    const wheel = { name: 'wheel', file: 'mlx_app-1.2.3-py3-none-any.whl' } as const
    for (const { value: packageManager } of packageManagers) {
      for (const [model, carried] of [['hello', []] as const, ['some/model', [wheel]] as const]) {
        const values = renderContext({ ...answers, packageManager, model }, '1.2.3', carried, '0123abcd')
        expect(render(parseTemplate(text, path), values)).toBe(withHandlebars(text, values))
      }
    }
  })
})

describe('packed layers', () => {
  const files = new Map([
    ['a.txt', Buffer.from('text\nwith lines\n')],
    ['empty', Buffer.alloc(0)],
    ['ü/b.bin', Buffer.from([0, 10, 255, 10])],
  ])
  const template = parseTemplate('# {{name}}\n', 'README.md.hbs')
  const all = new Map<string, LayerFile>(files).set('README.md', template)
  const other = new Map<string, LayerFile>([['b.txt', Buffer.from('text\nwith other lines\n')]])
  const layers = [
    { name: 'first', files: other },
    { name: 'x', files: all },
    { name: 'last', files: other },
  ]

  it('are unpacked unchanged', () => {
    const unpacked = unpackLayers(packLayers(layers), ['x', 'no such'])
    expect([...unpacked.keys()]).toEqual(['x'])
    const layer = unpacked.get('x')
    expect(layer?.files.get('README.md')).toEqual(template)
    expect(layer?.files.size).toBe(4)
    for (const [path, bytes] of files) {
      const found = layer?.files.get(path)
      if (!(found instanceof Uint8Array)) throw new Error(`${path} is no file`)
      expect(Buffer.compare(found, bytes)).toBe(0)
    }
  })

  it('are compressed if they are large, and unpacked unchanged', () => {
    const text = Buffer.from('a line of a file that is copied\n'.repeat(5000))
    const packed = packLayers([...layers, { name: 'large', files: new Map([['large.txt', text]]) }])
    expect(packed.length).toBeLessThan(text.length / 10)
    const unpacked = unpackLayers(packed, ['large', 'x'])
    expect(unpacked.get('large')?.files.get('large.txt')).toEqual(text)
    expect(unpacked.get('x')?.files.get('a.txt')).toEqual(files.get('a.txt'))
  })

  it('are refused if they are truncated or of another version', () => {
    const packed = packLayers(layers)
    expect(() => unpackLayers(packed.subarray(0, -30), ['last'])).toThrow(/^has \d+ bytes instead of \d+$/)
    const [head = '', ...rest] = packed.toString('latin1').split('\n')
    const old = { ...JSON.parse(head), version: '0.0.1' }
    const bytes = Buffer.from([JSON.stringify(old), ...rest].join('\n'), 'latin1')
    expect(() => unpackLayers(bytes, ['x'])).toThrow('has version 0.0.1')
  })
})
