import { describe, expect, it } from 'vitest'
import {
  catalogue,
  checkModel,
  defaultModel,
  fits,
  formatBytes,
  isHuggingFaceId,
  locateModel,
} from '../../src/models.ts'
import { canRunMlx, hintAboutNode, type Machine, reasonAgainstMlx } from '../../src/system/machine.ts'
import { temporaryFolder, writeTree } from '../support/folders.ts'

const machine = (platform: NodeJS.Platform, architecture: string, gigabytes: number): Machine => ({
  platform,
  architecture,
  memoryBytes: gigabytes * 1e9,
  nodeVersion: '24.0.0',
})

describe('the catalogue', () => {
  it('names each model once, with sizes that can be', () => {
    expect(new Set(catalogue.map((model) => model.id)).size).toBe(catalogue.length)
    for (const model of catalogue) {
      expect(model.id === 'hello' || isHuggingFaceId(model.id), model.id).toBe(true)
      expect(model.memoryBytes, model.id).toBeGreaterThan(model.downloadBytes)
      expect(model.downloadBytes < 1e8, model.id).toBe(model.id === 'hello')
      expect(model.licence).not.toBe('')
    }
  })

  it.each([
    [machine('darwin', 'arm64', 8.6), 'mlx-community/Llama-3.2-3B-Instruct-4bit'],
    [machine('darwin', 'arm64', 16), 'mlx-community/Qwen3-4B-Instruct-2507-4bit'],
    [machine('darwin', 'arm64', 128), 'mlx-community/Qwen3-4B-Instruct-2507-4bit'],
    [machine('linux', 'x64', 4), 'mlx-community/Qwen3-1.7B-4bit'],
    [machine('linux', 'arm64', 1), 'hello'],
    [machine('darwin', 'x64', 64), 'hello'],
    [machine('win32', 'x64', 64), 'hello'],
  ])('has the default for %o', (described, id) => {
    expect(defaultModel(described).id).toBe(id)
  })

  it('says what fits', () => {
    const model = catalogue.find((entry) => entry.id.includes('gpt-oss-20b'))
    if (model === undefined) throw new Error('The model is not in the catalogue')
    expect(fits(model, { memoryBytes: 32e9 })).toBe('fits')
    expect(fits(model, { memoryBytes: 24e9 })).toBe('tight')
    expect(fits(model, { memoryBytes: 16e9 })).toBe('too large')
  })

  it('writes bytes as people read them', () => {
    expect(formatBytes(351e6)).toBe('351 MB')
    expect(formatBytes(2.28e9)).toBe('2.3 GB')
  })
})

describe('a model', () => {
  it.each(['hello', 'mlx-community/Qwen3-0.6B-4bit', 'owner/any.model_1', './x', '../x', '/x', '~/x'])(
    'can be %s',
    (text) => {
      expect(() => checkModel(text)).not.toThrow()
    },
  )

  it.each(['qwen3-0.6b', 'a/b/c', 'a b/c', '', 'helo', '-x/y'])('cannot be "%s"', (text) => {
    expect(() => checkModel(text)).toThrow('Unknown model')
  })

  it('that is misspelt gets a suggestion', () => {
    expect(() => checkModel('helo')).toThrow(
      expect.objectContaining({ hints: expect.arrayContaining(['Did you mean --model hello?']) }),
    )
    expect(() => checkModel('Qwen3-0.6B')).toThrow(
      expect.objectContaining({
        hints: expect.arrayContaining(['Did you mean --model mlx-community/Qwen3-0.6B-4bit?']),
      }),
    )
  })

  it('at a path is a folder with a config.json, and becomes absolute', () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'model/config.json': '{}', 'empty/x': '' })
    expect(locateModel('./model', folder)).toBe(`${folder}/model`)
    expect(() => locateModel('./empty', folder)).toThrow('There is no model in')
    expect(() => locateModel('./none', folder)).toThrow('There is no model in')
  })
})

describe('a machine', () => {
  it.each([
    ['darwin', 'arm64', true],
    ['linux', 'x64', true],
    ['linux', 'arm64', true],
    ['darwin', 'x64', false],
    ['win32', 'x64', false],
    ['linux', 'ia32', false],
    ['freebsd', 'x64', false],
  ] as const)('%s %s runs MLX: %s', (platform, architecture, can) => {
    expect(canRunMlx({ platform, architecture })).toBe(can)
    expect(reasonAgainstMlx({ platform, architecture }) === undefined).toBe(can)
  })

  it('is told the way out', () => {
    expect(reasonAgainstMlx({ platform: 'win32', architecture: 'x64' })).toContain('WSL')
    expect(reasonAgainstMlx({ platform: 'darwin', architecture: 'x64' })).toContain('Rosetta')
  })

  it('with Node 20 is told that it is out of support', () => {
    expect(hintAboutNode({ nodeVersion: '20.19.0' })).toContain('out of support')
    expect(hintAboutNode({ nodeVersion: '22.12.0' })).toBeUndefined()
  })
})
