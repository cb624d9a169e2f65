import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createEngine, type Engine, type LoadProgress } from '../../src/engine/index.ts'
import { type Hub, startHub } from './hub.ts'
import { answerTo, ask, helloDirectory, makeProject, useFolder } from './support.ts'

const folder = useFolder()
const model = 'somebody/hello-mlx'
const home = join(folder.path, 'home')
const weights = readFileSync(join(helloDirectory, 'model.safetensors'))
const cached = join(home, 'hub', 'models--somebody--hello-mlx')
let hub: Hub
let engine: Engine

beforeAll(async () => {
  hub = await startHub(model, helloDirectory)
  vi.stubEnv('HF_ENDPOINT', hub.address)
  vi.stubEnv('HF_HOME', home)
  vi.stubEnv('HF_HUB_CACHE', undefined)
  vi.stubEnv('HF_HUB_OFFLINE', '')
  mkdirSync(join(folder.path, 'project'))
  engine = await createEngine({ device: 'cpu', project: makeProject(join(folder.path, 'project')) })
})
afterEach(() => {
  hub.requests.length = 0
})
afterAll(async () => {
  await engine.dispose()
  await hub[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
})

const gets = (name: string) => hub.requests.filter((line) => line.startsWith('GET') && line.includes(name))

test('describeModel returns the hub data, and how much is missing on disk', async () => {
  const described = await engine.describeModel({ model })
  expect(described).toMatchObject({
    model,
    revision: 'a'.repeat(40),
    licence: 'mit',
    gated: false,
    fits: true,
  })
  expect(described.weightBytes).toBe(weights.length)
  expect(described.downloadBytes).toBeGreaterThan(weights.length)
  expect(described.missingBytes).toBe(described.downloadBytes)
})

test('a model is downloaded without being loaded; the next time, only its hashes are compared', async () => {
  const got = await engine.downloadModel({ model })
  expect(got).toMatchObject({ model, revision: 'a'.repeat(40) })
  expect(statSync(join(got.path, 'model.safetensors')).size).toBe(weights.length)
  expect((await engine.status()).models).toEqual([])
  expect((await engine.models()).map((found) => found.model)).toEqual(['hello', model])
  expect((await engine.describeModel({ model })).missingBytes).toBe(0)
  expect(gets('resolve')).not.toEqual([])

  hub.requests.length = 0
  const seen: LoadProgress[] = []
  expect(await engine.downloadModel({ model, onProgress: (progress) => seen.push(progress) })).toEqual(got)
  expect(gets('resolve')).toEqual([])
  expect(seen.some(({ stage }) => stage === 'verify')).toBe(true)
})

test('a damaged file is found without the hub, and downloaded again', async () => {
  const blob = readdirSync(join(cached, 'blobs')).find((name) => name.length === 64) ?? ''
  writeFileSync(join(cached, 'blobs', blob), Buffer.alloc(weights.length))
  hub.requests.length = 0
  const { files } = await engine.verifyModel({ model })
  expect(files.filter(({ state }) => state !== 'ok')).toEqual([
    { path: 'model.safetensors', bytes: weights.length, state: 'differs' },
  ])
  expect(hub.requests).toEqual([])

  await engine.downloadModel({ model })
  expect(gets('resolve')).toHaveLength(1)
  expect((await engine.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
})

test('a folder gets plain files, and can be given as a path', async () => {
  const output = join(folder.path, 'plain')
  mkdirSync(output)
  writeFileSync(join(output, 'notes.md'), 'mine')
  const got = await engine.downloadModel({ model, output })
  expect(got).toMatchObject({ path: output, revision: 'a'.repeat(40) })
  expect(readFileSync(join(output, 'model.safetensors'))).toEqual(weights)
  expect((await engine.complete({ ...ask('Say hello.'), model: output })).text).toBe(answerTo('Say hello.'))

  writeFileSync(join(output, 'config.json'), '{}')
  const { files } = await engine.verifyModel({ model: output })
  const states = Object.fromEntries(files.map(({ path, state }) => [path, state]))
  expect(states).toMatchObject({ 'model.safetensors': 'ok', 'config.json': 'differs', 'notes.md': 'unknown' })
})

test('a folder that holds something else is refused', async () => {
  const output = join(folder.path, 'taken')
  mkdirSync(output)
  writeFileSync(join(output, 'config.json'), '{ "mine": true }')
  await expect(engine.downloadModel({ model, output })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: `${output} contains config.json; a download of ${model} would overwrite it or mix with it.`,
  })
  expect(readdirSync(output).filter((name) => !name.startsWith('.'))).toEqual(['config.json'])
  expect(gets('resolve')).toEqual([])
})

test('the remains of interrupted downloads are cleaned up', async () => {
  const partial = join(cached, 'blobs', `${'c'.repeat(64)}.incomplete`)
  const orphan = join(cached, 'blobs', 'd'.repeat(64))
  writeFileSync(partial, Buffer.alloc(1000))
  writeFileSync(orphan, Buffer.alloc(2000))
  const cleaned = {
    removed: [
      { path: partial, bytes: 1000, reason: 'partial' },
      { path: orphan, bytes: 2000, reason: 'unreferenced' },
    ],
    freedBytes: 3000,
  }
  expect(await engine.cleanModels({ dryRun: true })).toEqual(cleaned)
  expect([partial, orphan].every((path) => existsSync(path))).toBe(true)
  expect(await engine.cleanModels()).toEqual(cleaned)
  expect([partial, orphan].some((path) => existsSync(path))).toBe(false)
  expect((await engine.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
})

test('a model is removed after it is unloaded, and its disk space is freed', async () => {
  await engine.loadModel({ model })
  const { freedBytes, path } = await engine.removeModel(model)
  expect(freedBytes).toBeGreaterThan(weights.length)
  expect(path).toBe(cached)
  expect(existsSync(cached)).toBe(false)
  expect((await engine.status()).models.map((loaded) => loaded.model)).not.toContain(model)
  await expect(engine.removeModel(model)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
})

test('neither the hello model nor a path is removed', async () => {
  await expect(engine.removeModel('hello')).rejects.toMatchObject({
    message: "The hello model is part of mlx-app and can't be removed.",
  })
  await expect(engine.removeModel(helloDirectory)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})
