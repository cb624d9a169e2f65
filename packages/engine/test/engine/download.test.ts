import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createEngine, type Engine, type LoadProgress } from '../../src/engine/index.ts'
import { type Hub, refuse, startHub } from './hub.ts'
import { answerTo, ask, helloDirectory, until, useFolder } from './support.ts'

const folder = useFolder()
const model = 'somebody/hello-mlx'
let hub: Hub
let engine: Engine
let home = 0

beforeEach(async () => {
  hub = await startHub(model, helloDirectory)
  const cache = join(folder.path, `home ${++home}`)
  mkdirSync(cache)
  vi.stubEnv('HF_ENDPOINT', hub.address)
  vi.stubEnv('HF_HOME', cache)
  vi.stubEnv('HF_TOKEN', 'hf_test')
  vi.stubEnv('HF_HUB_OFFLINE', '')
  engine = await createEngine({ device: 'cpu' })
})
afterEach(async () => {
  await engine.dispose()
  await hub[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
})

test('a model is downloaded with progress in bytes, and is kept', async () => {
  const seen: LoadProgress[] = []
  const loaded = await engine.loadModel({ model, onProgress: (progress) => seen.push(progress) })
  const download = seen.filter(({ stage }) => stage === 'download')
  expect(download.length).toBeGreaterThan(0)
  for (const [index, { loadedBytes, totalBytes }] of download.entries()) {
    expect(loadedBytes).toBeLessThanOrEqual(totalBytes)
    expect(loadedBytes).toBeGreaterThanOrEqual(download[index - 1]?.loadedBytes ?? 0)
  }
  const weights = statSync(join(helloDirectory, 'model.safetensors')).size
  expect(download.at(-1)?.loadedBytes).toBeGreaterThanOrEqual(weights)
  expect(loaded.memoryBytes).toBeGreaterThan(weights / 2)
  expect((await engine.complete({ ...ask('Say hello.'), model })).text).toBe(answerTo('Say hello.'))
  expect((await engine.models()).find((found) => found.model === model)).toMatchObject({ place: 'cache' })

  await engine.unloadModel(model)
  const before = hub.requests.length
  await engine.loadModel({ model })
  expect(hub.requests.slice(before)).toEqual([])
})

test('an interrupted download resumes where it stopped', async () => {
  // The hub's library writes in blocks of ten million bytes, so it takes a file of several to see it go on.
  await using large = await startHub(model, helloDirectory, { 'vocab.txt': Buffer.alloc(24_000_000, 'v') })
  vi.stubEnv('HF_ENDPOINT', large.address)
  await engine.dispose()
  engine = await createEngine({ device: 'cpu' })
  const gets = () => large.requests.filter((line) => /^GET .*vocab/.test(line))
  large.trouble = (request, response, path) => {
    if (request.method !== 'GET' || !path.endsWith('.txt') || gets().length > 1) return false
    response.writeHead(200, { 'Content-Length': 24_000_000 })
    response.write(Buffer.alloc(15_000_000, 'v'), () => response.destroy())
    return true
  }
  const seen: LoadProgress[] = []
  await engine.loadModel({ model, onProgress: (progress) => seen.push(progress) })
  expect(gets()).toHaveLength(2)
  expect(gets()[1]).toMatch(/ bytes=1\d{7}-$/)
  const last = seen.filter(({ stage }) => stage === 'download').at(-1)
  expect(last?.loadedBytes).toBe(last?.totalBytes)
})

test('an abort ends the download, and the next call works', async () => {
  const controller = new AbortController()
  hub.trouble = (request, response, path) => {
    if (request.method !== 'GET' || !path.endsWith('.safetensors')) return false
    response.writeHead(200, { 'Content-Length': 232_058 })
    response.write(Buffer.alloc(50_000))
    return true
  }
  const loading = engine.loadModel({ model, signal: controller.signal })
  const outcome = expect(loading).rejects.toMatchObject({ code: 'ABORTED' })
  await until(async () => hub.requests.some((line) => /^GET .*safetensors/.test(line)))
  controller.abort()
  await outcome
  expect((await engine.complete({ ...ask('Say hello.'), model: 'hello' })).text).toBe(answerTo('Say hello.'))
})

describe('what the hub refuses', () => {
  test.each([
    ['gated', 403, 'GatedRepo', 'MODEL_GATED', /HF_TOKEN/],
    ['not there', 404, 'RepoNotFound', 'MODEL_NOT_FOUND', /HF_TOKEN/],
    ['without access', 401, 'RepoNotFound', 'MODEL_NOT_FOUND', /HF_TOKEN/],
    ['without that revision', 404, 'RevisionNotFound', 'MODEL_NOT_FOUND', /tree\/main/],
  ])('%s', async (_, status, code, expected, hint) => {
    hub.trouble = (__, response) => {
      refuse(response, status, code)
      return true
    }
    const error = await engine.loadModel({ model }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: expected })
    expect(error).toHaveProperty('hint', expect.stringMatching(hint))
  })

  test('the hub gets no request if downloads are not allowed', async () => {
    await expect(engine.loadModel({ model, download: false })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    })
    await expect(engine.complete({ ...ask('Say hello.'), model })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    })
    expect(hub.requests).toEqual([])
  })
})

test('an unreachable hub is a failed download', async () => {
  await hub[Symbol.asyncDispose]()
  await expect(engine.loadModel({ model })).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' })
})
