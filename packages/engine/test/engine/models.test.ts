import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine, type Engine } from '../../src/engine/index.ts'
import { answerTo, ask, endless, helloDirectory, makeProject, story, until, useFolder } from './support.ts'

const folder = useFolder()
let engine: Engine

beforeAll(async () => {
  makeProject(folder.path, ['hello', 'other'])
  engine = await createEngine({ project: folder.path, device: 'cpu' })
})
afterAll(() => engine.dispose())

function damaged(name: string, damage: (directory: string) => void): string {
  const directory = join(folder.path, 'damaged', name)
  cpSync(helloDirectory, directory, { recursive: true })
  damage(directory)
  return directory
}

describe('loading', () => {
  test('the model of mlx.config.json, with progress in bytes', async () => {
    const seen: { stage: string; loadedBytes: number; totalBytes: number }[] = []
    const loaded = await engine.loadModel({ onProgress: (progress) => seen.push(progress) })
    expect(loaded).toMatchObject({ model: 'hello', contextTokens: 32_768 })
    expect(loaded.memoryBytes).toBeGreaterThan(100_000)
    expect(seen.at(-1)).toEqual({
      stage: 'load',
      loadedBytes: loaded.memoryBytes,
      totalBytes: loaded.memoryBytes,
    })
  })

  test('at once, with and without permission to download: each load is answered', async () => {
    const loads = [false, true, false].map((download) => engine.loadModel({ model: 'other', download }))
    for (const loaded of await Promise.all(loads)) expect(loaded.model).toBe('other')
    await engine.unloadModel('other')
  })

  test('twice is quick and the same', async () => {
    expect(await engine.loadModel()).toEqual(await engine.loadModel({ model: 'hello' }))
  })

  test('a path, relative and absolute, in a folder whose name contains a space', async () => {
    const path = join(folder.path, 'models', 'hello')
    expect(await engine.loadModel({ model: path })).toMatchObject({ model: path, path })
    expect((await engine.complete({ ...ask('Say hello.'), model: path })).model).toBe(path)
    await engine.unloadModel(path)
  })

  test('several models at once serve side by side', async () => {
    await Promise.all([engine.loadModel({ model: 'hello' }), engine.loadModel({ model: 'other' })])
    const calls = ['hello', 'other'].map((model) => engine.complete({ ...ask(story), model }))
    for (const { text } of await Promise.all(calls)) expect(text).toBe(answerTo(story))
    expect((await engine.status()).models.map(({ model }) => model).sort()).toEqual(['hello', 'other'])
  })

  test('a call for a model that is on disk but not loaded loads it', async () => {
    await engine.unloadModel()
    expect((await engine.status()).models).toEqual([])
    expect((await engine.complete({ ...ask('Say hello.'), model: 'other' })).text).toBe(
      answerTo('Say hello.'),
    )
  })
})

describe('unloading', () => {
  test('frees the memory and names what was loaded', async () => {
    await engine.unloadModel()
    const { memoryBytes } = await engine.status()
    await engine.loadModel()
    expect((await engine.status()).memoryBytes).toBeGreaterThan(memoryBytes)
    expect(await engine.unloadModel()).toEqual(['hello'])
    expect(await engine.unloadModel('hello')).toEqual([])
    expect((await engine.status()).memoryBytes).toBeLessThanOrEqual(memoryBytes + 4096)
  })

  test('ends the calls that use the model', async () => {
    await engine.loadModel()
    const call = engine.complete({ ...ask(story), ...endless })
    const outcome = expect(call).rejects.toMatchObject({ code: 'ABORTED' })
    await until(async () => (await engine.status()).active === 1)
    await engine.unloadModel('hello')
    await outcome
    expect(await engine.status()).toMatchObject({ active: 0, queued: 0, models: [] })
  })
})

describe('a missing model', () => {
  test('the message lists the available models', async () => {
    await expect(engine.loadModel({ model: 'nope' })).rejects.toThrow(/hello, other/)
  })
})

describe('a damaged model', () => {
  const weights = 'model.safetensors'
  test.each<[string, (directory: string) => void, RegExp]>([
    ['cut off', (at) => truncateSync(join(at, weights), 100_000), /has 100000 bytes of \d+/],
    ['no weights at all', (at) => writeFileSync(join(at, weights), 'not a model'), /safetensors/],
    ['empty weights', (at) => writeFileSync(join(at, weights), ''), /safetensors/],
    ['without weights', (at) => rmSync(join(at, weights)), /model.safetensors is missing/],
    ['without its config', (at) => rmSync(join(at, 'config.json')), /config.json is missing/],
    ['a config that is no JSON', (at) => writeFileSync(join(at, 'config.json'), '{'), /damaged/],
    ['weights of another shape', (at) => setConfig(at, 'hidden_size', 128), /damaged/],
    ['without its tokenizer', (at) => rmSync(join(at, 'tokenizer.json')), /damaged/],
  ])('%s', async (name, damage, message) => {
    const error = await engine.loadModel({ model: damaged(name, damage) }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'MODEL_CORRUPT' })
    expect(error).toHaveProperty('message', expect.stringMatching(message))
  })

  test('of a type that mlx-lm does not support, or with code of its own, is UNSUPPORTED', async () => {
    const unknown = damaged('unknown', (at) => setConfig(at, 'model_type', 'abacus'))
    await expect(engine.loadModel({ model: unknown })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const own = damaged('own code', (at) => setConfig(at, 'model_file', 'model.py'))
    await expect(engine.loadModel({ model: own })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test('affects no other call', async () => {
    expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
    expect((await engine.status()).crashes).toBe(0)
  })
})

test('models lists the project’s own with their bytes', async () => {
  const found = (await engine.models()).filter(({ place }) => place === 'project')
  expect(found.map(({ model }) => model)).toEqual(['hello', 'other'])
  for (const { bytes, path } of found) {
    expect(bytes).toBeGreaterThan(readFileSync(join(path, 'model.safetensors')).length)
  }
})

test('the revision and the device of mlx.config.json are checked', async () => {
  const other = join(folder.path, 'wrong config')
  mkdirSync(other)
  writeFileSync(join(other, 'mlx.config.json'), JSON.stringify({ model: 'hello', device: 'tpu' }))
  await expect(createEngine({ project: other })).rejects.toThrow(/device/)
  writeFileSync(join(other, 'mlx.config.json'), '{')
  await expect(createEngine({ project: other })).rejects.toThrow(/not valid JSON/)
})

function setConfig(directory: string, key: string, value: unknown): void {
  const path = join(directory, 'config.json')
  const config: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...config, [key]: value }))
}
