import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { LoadProgress } from '../../src/engine/index.ts'
import { until, useFolder } from './support.ts'
import { errorOf, model, silentAfter, useHub, weights, weightsDigest } from './use-hub.ts'

const folder = useFolder()
const words = Buffer.alloc(3_000_000, 'word ')
const more = Buffer.alloc(2_000_000, 'more ')
const shared = useHub(folder.path, { 'words.txt': words, 'more.txt': more })

const ranges = (name: string) => shared.gets(name).map((line) => line.split(' ')[2])

/** 0 for a file that is not there yet. */
const bytesOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0

describe('a download resumes where it was', () => {
  const half = 150_000

  /** A download that has half of the weights, and waits for the rest. */
  async function begun() {
    const { trouble, reached } = silentAfter('.safetensors', weights, half)
    shared.hub.trouble = trouble
    const controller = new AbortController()
    const engine = await shared.engine()
    const outcome = errorOf(engine.downloadModel({ model, signal: controller.signal }))
    await reached
    const partial = join(shared.cached, 'blobs', `${weightsDigest}.incomplete`)
    await until(async () => bytesOf(partial) > 0 && shared.gets('tools.json').length > 0)
    return { engine, outcome, controller, partial }
  }

  async function goesOn() {
    const engine = await shared.engine()
    const seen: LoadProgress[] = []
    const got = await engine.downloadModel({ model, onProgress: (progress) => seen.push(progress) })
    const starts = ranges('.safetensors')
    expect(starts).toHaveLength(2)
    const from = Number(/^bytes=(\d+)-$/.exec(starts[1] ?? '')?.[1])
    expect(from).toBeGreaterThan(0)
    expect(from).toBeLessThanOrEqual(half)
    const first = seen.find(({ stage }) => stage === 'download')
    expect(first?.loadedBytes).toBeGreaterThanOrEqual(from)
    expect(first?.totalBytes).toBe(got.bytes)
    const { files } = await engine.verifyModel({ model })
    expect(files.every(({ state }) => state === 'ok')).toBe(true)
  }

  test('after a signal', async () => {
    const { outcome, controller, engine } = await begun()
    controller.abort()
    expect(await outcome).toMatchObject({ code: 'ABORTED' })
    await engine.dispose()
    await goesOn()
  })

  test('after a crash of the worker', async () => {
    const { outcome, engine } = await begun()
    const { pid = 0 } = await engine.status()
    process.kill(pid, 'SIGKILL')
    expect(await outcome).toMatchObject({ code: 'WORKER_EXITED' })
    await goesOn()
  })

  test('after the end of the application', async () => {
    const { outcome, engine } = await begun()
    await engine.dispose()
    expect(await outcome).toMatchObject({ code: 'DISPOSED' })
    await goesOn()
  })

  test('into a folder, too', async () => {
    const { trouble, reached } = silentAfter('.safetensors', weights, half)
    shared.hub.trouble = trouble
    const output = join(folder.path, 'half')
    const first = await shared.engine()
    const outcome = errorOf(first.downloadModel({ model, output }))
    await reached
    const partial = join(output, '.mlx-download', 'model.safetensors.incomplete')
    await until(async () => bytesOf(partial) > 0 && shared.gets('words.txt').length > 0)
    await first.dispose()
    await outcome
    expect(readdirSync(output)).not.toContain('model.safetensors')
    const engine = await shared.engine()
    await engine.downloadModel({ model, output })
    expect(ranges('.safetensors')[1]).toMatch(/^bytes=\d+-$/)
    expect(readFileSync(join(output, 'model.safetensors'))).toEqual(weights)
    expect(existsSync(partial)).toBe(false)
  })

  test('its remains are cleaned up, but not while it runs', async () => {
    const { outcome, controller, engine, partial } = await begun()
    const other = await shared.engine()
    await until(async () => bytesOf(partial) === half)
    expect((await other.cleanModels()).removed).toEqual([])
    expect(await errorOf(other.removeModel(model))).toMatchObject({
      code: 'INVALID_REQUEST',
      message: `${model} is being downloaded.`,
    })
    expect(existsSync(partial)).toBe(true)
    controller.abort()
    await outcome
    await engine.dispose()
    const { removed, freedBytes } = await other.cleanModels()
    expect(removed).toContainEqual({ path: partial, bytes: half, reason: 'partial' })
    expect(freedBytes).toBe(removed.reduce((sum, { bytes }) => sum + bytes, 0))
    expect(existsSync(partial)).toBe(false)
  })
})

test('progress grows with the bytes of all files', async () => {
  // Both files come in pieces, a piece of the one after a piece of the other.
  const contents = new Map([
    ['words.txt', words],
    ['more.txt', more],
  ])
  shared.hub.trouble = (request, response, path) => {
    const content = contents.get(path.split('/').at(-1) ?? '')
    if (content === undefined || request.method !== 'GET') return false
    response.writeHead(200, { 'Content-Length': content.length })
    void (async () => {
      const piece = content.length / 20
      for (let start = 0; start < content.length; start += piece) {
        response.write(content.subarray(start, start + piece))
        // The worker tells of its progress ten times a second at most.
        await pause(50)
      }
      response.end()
    })()
    return true
  }
  const engine = await shared.engine()
  const seen: LoadProgress[] = []
  const { bytes } = await engine.downloadModel({ model, onProgress: (progress) => seen.push(progress) })
  const loaded = seen.map(({ loadedBytes }) => loadedBytes)
  expect(seen.every(({ stage, totalBytes }) => stage === 'download' && totalBytes === bytes)).toBe(true)
  expect(loaded).toEqual(loaded.toSorted((one, other) => one - other))
  expect(loaded[0]).toBe(0)
  expect(loaded.at(-1)).toBe(bytes)
  expect(new Set(loaded).size).toBeGreaterThan(6)
  const steps = loaded.map((now, index) => now - (loaded[index - 1] ?? 0))
  expect(Math.max(...steps)).toBeLessThan(bytes / 2)
})

test('two processes that download the same model share one download', async () => {
  const { trouble, reached } = silentAfter('.safetensors', weights, 100_000)
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  shared.hub.trouble = (request, response, path) => {
    if (trouble(request, response, path)) {
      void released.then(() => response.end(weights.subarray(100_000)))
      return true
    }
    return false
  }
  const [one, other] = await Promise.all([shared.engine(), shared.engine()])
  const first = one.downloadModel({ model })
  await reached
  const seen: LoadProgress[] = []
  const second = other.downloadModel({ model, onProgress: (progress) => seen.push(progress) })
  // The second has all that the first does not hold, and sees how far that one is.
  await until(async () => (seen.at(-1)?.loadedBytes ?? 0) > 0)
  release()
  const [mine, theirs] = await Promise.all([first, second])
  expect(theirs).toEqual(mine)
  expect(ranges('.safetensors')).toEqual([undefined])
  expect((await one.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
})
