import { describe, expect, it } from 'vitest'
import { formatBytes } from '../../packages/engine/src/setup/terminal/format.ts'
import { templates } from '../../src/choices.ts'
import { canRunMlx, hintAboutNode, type Machine, unsupportedReason } from '../../src/machine/machine.ts'
import {
  catalogue,
  defaultModel,
  findModel,
  fitOf,
  nearestModel,
  sizeAndFit,
} from '../../src/models/catalogue.ts'
import { isCertainlyModel, isHuggingFaceId, locateModel, looksLikeModel } from '../../src/models/identify.ts'
import { temporaryFolder, writeTree } from '../support/folders.ts'

/** A machine whose memory is sold as so many gigabytes, which are powers of two. */
const machine = (platform: NodeJS.Platform, architecture: string, gigabytes: number): Machine => ({
  platform,
  architecture,
  memoryBytes: gigabytes * 2 ** 30,
  nodeVersion: '24.0.0',
})

const model = (part: string) => {
  const found = catalogue.find(({ id }) => id.includes(part))
  if (found === undefined) throw new Error(`${part} is not in the catalogue`)
  return found
}

describe('the catalogue', () => {
  it('has at least twenty models, some for each task, from 0.6 to 120 billion parameters', () => {
    expect(catalogue.length).toBeGreaterThan(20)
    for (const task of ['text', 'vision', 'embeddings']) {
      expect(catalogue.filter((entry) => entry.task === task).length, task).toBeGreaterThan(2)
    }
    for (const size of ['0.6B', '120b', '122B']) expect(model(size).downloadBytes).toBeGreaterThan(3e8)
  })

  it('names each model once, with plausible sizes', () => {
    expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length)
    for (const entry of catalogue) {
      expect(entry.id === 'hello' || isHuggingFaceId(entry.id), entry.id).toBe(true)
      expect(isCertainlyModel(entry.id), entry.id).toBe(true)
      expect(entry.memoryBytes, entry.id).toBeGreaterThan(entry.downloadBytes)
      expect(entry.memoryBytes, entry.id).toBeLessThan(entry.downloadBytes * 1.1 + 1.4e9)
      expect(entry.downloadBytes < 1e8, entry.id).toBe(entry.id === 'hello')
      expect(entry.licence).not.toBe('')
      expect(entry.description).not.toBe('')
    }
  })

  it('agrees with the model names on parameters and bits', () => {
    for (const { id, downloadBytes } of catalogue) {
      // Gemma counts the parameters that a token uses, not those of its tables.
      const billions = /gemma/i.test(id) ? undefined : /([\d.]+)B(?!it)/i.exec(id)?.[1]
      if (billions === undefined) continue
      // 4 bits for each parameter and up to 6.5 with what stays in 8 or 16.
      expect(downloadBytes / Number(billions) / 1e9, id).toBeGreaterThan(4.25 / 8 - 0.03)
      expect(downloadBytes / Number(billions) / 1e9, id).toBeLessThan(7.1 / 8)
    }
  })

  it('pins most models to a commit, each to one of its own', () => {
    const revisions = catalogue.flatMap(({ revision }) => revision ?? [])
    expect(revisions.length).toBeGreaterThan(20)
    expect(new Set(revisions).size).toBe(revisions.length)
    for (const revision of revisions) expect(revision).toMatch(/^[0-9a-f]{40}$/)
    expect(findModel('mlx-community/Qwen3-0.6B-4bit')?.revision).toBe(
      '73e3e38d981303bc594367cd910ea6eb48349da8',
    )
    expect(findModel('someone/else')).toBeUndefined()
  })

  it('is sorted by size within each task', () => {
    for (const { task } of catalogue) {
      const sizes = catalogue.filter((entry) => entry.task === task).map((entry) => entry.downloadBytes)
      expect(sizes).toEqual([...sizes].sort((one, other) => one - other))
    }
  })

  it('counts the weights, a conversation and Python as memory', () => {
    // 28 layers x 8 heads x 128 numbers x 2 (keys, values) x 2 bytes x 4,096 tokens = 470 MB, and 400 MB for Python.
    expect(model('Qwen3-0.6B-4bit').memoryBytes).toBe(351_383_618 + 469_762_048 + 400_000_000)
  })

  it('has models for every template', () => {
    for (const { modelTasks } of templates) {
      expect(catalogue.filter(({ task }) => modelTasks.some((one) => one === task)).length).toBeGreaterThan(
        20,
      )
    }
  })
})

describe('the default', () => {
  it.each([
    [machine('darwin', 'arm64', 8), 'mlx-community/Qwen3-4B-Instruct-2507-4bit'],
    [machine('darwin', 'arm64', 16), 'mlx-community/Qwen3.5-9B-4bit'],
    [machine('darwin', 'arm64', 18), 'mlx-community/Qwen3.5-9B-4bit'],
    [machine('darwin', 'arm64', 24), 'mlx-community/gpt-oss-20b-MXFP4-Q8'],
    [machine('darwin', 'arm64', 32), 'mlx-community/gpt-oss-20b-MXFP4-Q8'],
    [machine('darwin', 'arm64', 36), 'mlx-community/Qwen3-30B-A3B-Instruct-2507-4bit'],
    [machine('darwin', 'arm64', 64), 'mlx-community/Qwen3.6-35B-A3B-4bit'],
    [machine('darwin', 'arm64', 128), 'mlx-community/gpt-oss-120b-MXFP4-Q8'],
    [machine('darwin', 'arm64', 512), 'mlx-community/Qwen3.5-122B-A10B-4bit'],
    [machine('linux', 'x64', 2), 'hello'],
    [machine('linux', 'x64', 4), 'mlx-community/Llama-3.2-1B-Instruct-4bit'],
    [machine('linux', 'x64', 64), 'mlx-community/Qwen3-4B-Instruct-2507-4bit'],
    [machine('darwin', 'x64', 64), 'hello'],
    [machine('win32', 'x64', 64), 'hello'],
  ])('for %o is the largest that fits: %s', (described, id) => {
    expect(defaultModel(described).id).toBe(id)
  })

  it('is for any purpose, and no larger text model fits', () => {
    for (const gigabytes of [4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512]) {
      const mac = machine('darwin', 'arm64', gigabytes)
      const chosen = defaultModel(mac)
      expect([chosen.task, chosen.specialPurpose]).toEqual(['text', false])
      const larger = catalogue.filter(
        (entry) =>
          entry.task === 'text' && !entry.specialPurpose && entry.downloadBytes > chosen.downloadBytes,
      )
      for (const entry of larger) expect(fitOf(entry, mac), entry.id).not.toBe('fits')
    }
  })
})

describe('whether a model fits', () => {
  it.each([
    ['gpt-oss-20b', 'darwin', 32, 'fits'],
    ['gpt-oss-20b', 'darwin', 24, 'fits'],
    ['gpt-oss-20b', 'darwin', 18, 'tight'],
    ['gpt-oss-20b', 'darwin', 16, 'too large'],
    // As large as a mixture of experts that fits, but all of it is read for each token.
    ['Qwen3.8-27B', 'darwin', 36, 'tight'],
    ['Qwen3.8-27B', 'darwin', 48, 'fits'],
    ['Qwen3.5-9B', 'linux', 64, 'slow on a CPU'],
    ['Qwen3.5-9B', 'linux', 8, 'too large'],
    ['Qwen3-0.6B', 'linux', 8, 'fits'],
  ] as const)('%s on %s with %i GB: %s', (part, platform, gigabytes, fit) => {
    expect(fitOf(model(part), { platform, memoryBytes: gigabytes * 2 ** 30 })).toBe(fit)
  })

  it('is shown in words next to the size', () => {
    expect(sizeAndFit(model('Qwen3.5-9B'), machine('darwin', 'arm64', 16))).toBe('6.0 GB, fits')
    expect(sizeAndFit(model('hello'), machine('darwin', 'arm64', 16))).toBe('no download, fits')
  })

  it('formats bytes for people', () => {
    expect(formatBytes(351e6)).toBe('351 MB')
    expect(formatBytes(2.28e9)).toBe('2.3 GB')
  })
})

describe('a model', () => {
  it.each(['hello', 'mlx-community/Qwen3-0.6B-4bit', 'owner/any.model_1', './x', '../x', '/x', '~/x'])(
    'can be %s',
    (text) => {
      expect(looksLikeModel(text)).toBe(true)
    },
  )

  it.each(['qwen3-0.6b', 'a/b/c', 'a b/c', '', 'helo', '-x/y'])('cannot be "%s"', async (text) => {
    await expect(locateModel(text, '/')).rejects.toThrow('Unknown model')
  })

  it('with a misspelt name gets a suggestion', async () => {
    await expect(locateModel('helo', '/')).rejects.toMatchObject({
      exitCode: 2,
      hints: expect.arrayContaining(['Did you mean --model hello?']),
    })
    await expect(locateModel('Qwen3-0.6B', '/')).rejects.toMatchObject({
      hints: expect.arrayContaining(['Did you mean --model mlx-community/Qwen3-0.6B-4bit?']),
    })
    expect(nearestModel('llama-3.2-3b-instruct')).toBe('mlx-community/Llama-3.2-3B-Instruct-4bit')
    expect(nearestModel('xyz')).toBeUndefined()
  })

  it('at a path is a folder with a config.json, and becomes absolute', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'model/config.json': '{}', 'empty/x': '' })
    expect(await locateModel('./model', folder)).toBe(`${folder}/model`)
    await expect(locateModel('./empty', folder)).rejects.toThrow('There is no model in')
    await expect(locateModel('./none', folder)).rejects.toThrow('There is no model in')
  })

  it('is distinguished from a folder if npm passes both as positional arguments', () => {
    expect(isCertainlyModel('mlx-community/anything')).toBe(true)
    expect(isCertainlyModel('apps/mine')).toBe(false)
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
    expect(unsupportedReason({ platform, architecture }) === undefined).toBe(can)
  })

  it('that cannot run MLX gets a suggestion', () => {
    expect(unsupportedReason({ platform: 'win32', architecture: 'x64' })).toContain('WSL')
    expect(unsupportedReason({ platform: 'darwin', architecture: 'x64' })).toContain('Rosetta')
  })

  it('with Node 20 gets a note that it is out of support', () => {
    expect(hintAboutNode({ nodeVersion: '20.19.0' })).toContain('out of support')
    expect(hintAboutNode({ nodeVersion: '22.12.0' })).toBeUndefined()
  })
})
