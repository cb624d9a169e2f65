import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startHub } from './hub.ts'
import { helloDirectory, useFolder } from './support.ts'
import { errorOf, model, silentAfter, useHub, weights, weightsDigest } from './use-hub.ts'

const folder = useFolder()
const shared = useHub(folder.path, {
  'modeling_hello.py': Buffer.from('raise SystemExit("code of a stranger ran")'),
})

describe('files that are not those of the hub', () => {
  test('a file with another hash is named and deleted', async () => {
    shared.hub.trouble = (request, response, path) => {
      if (request.method !== 'GET' || !path.endsWith('.safetensors')) return false
      response.writeHead(200, { 'Content-Length': weights.length }).end(Buffer.alloc(weights.length, 'x'))
      return true
    }
    const engine = await shared.engine()
    const error = await errorOf(engine.downloadModel({ model }))
    expect(error).toMatchObject({
      code: 'MODEL_CORRUPT',
      message:
        `model.safetensors of ${model} does not have the hash that the hub gives ` +
        `(${weightsDigest}), and was removed.`,
      hint: expect.stringContaining('Run the same command again.'),
    })
    const left = readdirSync(join(shared.cached, 'blobs'))
    expect(left.filter((name) => name.length >= 64)).toEqual([])
    await expect(engine.loadModel({ model, download: false })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    })
  })

  test('damaged remains of an earlier download are downloaded again', async () => {
    mkdirSync(join(shared.cached, 'blobs'), { recursive: true })
    const partial = join(shared.cached, 'blobs', `${weightsDigest}.incomplete`)
    writeFileSync(partial, Buffer.alloc(100_000, 'x'))
    const engine = await shared.engine()
    await engine.downloadModel({ model })
    expect(shared.gets('.safetensors').map((line) => line.split(' ')[2])).toEqual([
      'bytes=100000-',
      undefined,
    ])
    expect((await engine.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
  })

  test('code of a repository is not downloaded', async () => {
    const engine = await shared.engine()
    const output = join(folder.path, 'plain')
    const { path } = await engine.downloadModel({ model })
    await engine.downloadModel({ model, output })
    expect(shared.gets('.py')).toEqual([])
    expect(readdirSync(path)).not.toContain('modeling_hello.py')
    expect(readdirSync(output)).not.toContain('modeling_hello.py')
  })

  test('a repository with paths outside of its folder writes nothing there', async () => {
    await using hostile = await startHub(model, helloDirectory, { '../escaped.json': Buffer.from('{}') })
    const engine = await shared.engine({ HF_ENDPOINT: hostile.address })
    const output = join(folder.path, 'inside', 'model')
    await engine.downloadModel({ model, output })
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringMatching(/has a file that can't be stored here: .*escaped\.json/),
    })
    expect(hostile.requests.filter((line) => line.includes('escaped'))).toEqual([])
    expect(readdirSync(join(folder.path, 'inside'))).toEqual(['model'])
    expect(existsSync(join(shared.cached, 'snapshots', 'escaped.json'))).toBe(false)
  })
})

describe('a hub that is busy or broken', () => {
  test.each([429, 500, 502, 503, 504])('is asked again after status %i', async (status) => {
    let refusals = 0
    shared.hub.trouble = (request, response, path) => {
      const late = request.method === 'GET' && path.endsWith('.safetensors')
      if (refusals >= (late ? 4 : 2)) return false
      refusals += 1
      response.writeHead(status, { 'Retry-After': '0' }).end()
      return true
    }
    const engine = await shared.engine()
    expect((await engine.downloadModel({ model })).bytes).toBeGreaterThan(weights.length)
    expect(refusals).toBe(4)
  })

  test('is given up after five failures in a row', async () => {
    shared.hub.trouble = (_, response) => {
      response.writeHead(503).end()
      return true
    }
    const engine = await shared.engine()
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: `The hub answers with status 503 for ${model}.`,
      hint: `Run the same command again later: it continues where it stopped. See ${shared.hub.address}/${model}`,
    })
    expect(shared.hub.requests).toHaveLength(5)
  })

  test('that asks to wait for minutes is given up', async () => {
    shared.hub.trouble = (_, response) => {
      response.writeHead(429, { 'Retry-After': '300' }).end()
      return true
    }
    const engine = await shared.engine()
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      hint: expect.stringMatching(/^Wait 300 s and run the same command again/),
    })
    expect(shared.hub.requests).toHaveLength(1)
  })

  test('that does not answer is asked again', async () => {
    let asked = 0
    shared.hub.trouble = () => ++asked === 1
    const engine = await shared.engine({ HF_HUB_DOWNLOAD_TIMEOUT: '1' })
    expect((await engine.downloadModel({ model })).bytes).toBeGreaterThan(weights.length)
  })

  test.each(['silence', 'cut'] as const)('in the middle of a file (%s) resumes there', async (then) => {
    const { trouble } = silentAfter('.safetensors', weights, 150_000, then)
    shared.hub.trouble = trouble
    const engine = await shared.engine({ HF_HUB_DOWNLOAD_TIMEOUT: '1' })
    await engine.downloadModel({ model })
    expect(shared.gets('.safetensors').map((line) => line.split(' ')[2])).toEqual([
      undefined,
      'bytes=150000-',
    ])
    expect((await engine.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
  })

  test('that does not support ranges sends the file from its start', async () => {
    const { trouble } = silentAfter('.safetensors', weights, 150_000, 'cut')
    shared.hub.trouble = (request, response, path) => {
      if (trouble(request, response, path)) return true
      if (request.method !== 'GET' || !path.endsWith('.safetensors')) return false
      response.writeHead(200, { 'Content-Length': weights.length }).end(weights)
      return true
    }
    const engine = await shared.engine()
    await engine.downloadModel({ model })
    expect((await engine.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
  })
})

describe('something other than a hub, or than a model for MLX', () => {
  test('another page in its place', async () => {
    shared.hub.trouble = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>Please log in</title>')
      return true
    }
    const engine = await shared.engine()
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: `${shared.hub.address} does not answer like the hub.`,
      hint: expect.stringContaining('HF_ENDPOINT may be wrong'),
    })
  })

  test('an HF_ENDPOINT that is not an address', async () => {
    const engine = await shared.engine({ HF_ENDPOINT: 'nonsense' })
    expect(await errorOf(engine.describeModel({ model }))).toMatchObject({ code: 'DOWNLOAD_FAILED' })
  })

  test('a repository without weights', async () => {
    const empty = join(folder.path, 'empty')
    mkdirSync(empty)
    writeFileSync(join(empty, 'config.json'), '{}')
    await using other = await startHub(model, empty, { 'model.gguf': Buffer.from('GGUF') })
    const engine = await shared.engine({ HF_ENDPOINT: other.address })
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
      code: 'UNSUPPORTED',
      message: `${model} has no weights that MLX reads (model*.safetensors).`,
    })
    expect(other.requests.filter((line) => line.includes('resolve'))).toEqual([])
  })

  test('an invalid name', async () => {
    const engine = await shared.engine()
    for (const name of ['a/..', 'a--b/c', 'owner/name/more', '-']) {
      expect(await errorOf(engine.downloadModel({ model: name })), name).toMatchObject({
        code: 'MODEL_NOT_FOUND',
      })
    }
    expect(shared.hub.requests).toEqual([])
  })

  test('a server that does not support ranges and always disconnects is given up', async () => {
    shared.hub.trouble = (request, response, path) => {
      if (request.method !== 'GET' || !path.endsWith('.safetensors')) return false
      response.writeHead(200, { 'Content-Length': weights.length })
      response.write(weights.subarray(0, 100_000), () => response.destroy())
      return true
    }
    const engine = await shared.engine()
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      hint: expect.stringContaining('it continues where it stopped'),
    })
    expect(shared.gets('.safetensors').length).toBeLessThan(12)
  })

  test('an endless file is given up', async () => {
    let sent = 0
    shared.hub.trouble = (request, response, path) => {
      if (request.method !== 'GET' || !path.endsWith('.safetensors')) return false
      response.writeHead(200)
      const more = () => {
        if (response.destroyed) return
        sent += weights.length
        response.write(weights, more)
      }
      more()
      return true
    }
    const engine = await shared.engine()
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({ code: 'MODEL_CORRUPT' })
    expect(sent).toBeLessThan(100 * weights.length)
  })
})
