import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'
import { startHub } from './hub.ts'
import { answerTo, ask, helloDirectory, makeProject, useFolder } from './support.ts'
import { errorOf, model, useHub, weights } from './use-hub.ts'

const folder = useFolder()
const shared = useHub(folder.path)
const run = promisify(execFile)

/** Runs Python as another tool of the hub would, with the environment of this test. */
async function python(code: string): Promise<string> {
  const interpreter = findInterpreter(findProject(import.meta.dirname))
  return (await run(interpreter.python, ['-c', code], { env: process.env })).stdout.trim()
}

describe('the cache is shared', () => {
  test('mlx-lm finds what was downloaded here, without the hub', async () => {
    const engine = await shared.engine()
    const { path } = await engine.downloadModel({ model })
    process.env.HF_HUB_OFFLINE = '1'
    expect(await python(`from mlx_lm.utils import _download; print(_download('${model}'))`)).toBe(path)
    expect(await python(`from mlx_lm.utils import hf_repo_to_path; print(hf_repo_to_path('${model}'))`)).toBe(
      path,
    )
  })

  test('what mlx-lm downloaded is found here', async () => {
    const path = await python(`from mlx_lm.utils import _download; print(_download('${model}'))`)
    const asked = shared.hub.requests.length
    const engine = await shared.engine()
    expect((await engine.loadModel({ model, download: false })).path).toBe(path)
    expect((await engine.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
    expect(shared.hub.requests).toHaveLength(asked)
    expect((await engine.downloadModel({ model })).path).toBe(path)
    expect(shared.gets('.safetensors')).toHaveLength(1)
  })
})

describe('the environment', () => {
  const tokens = () => new Set(shared.hub.tokens)

  test('HF_TOKEN is sent', async () => {
    const engine = await shared.engine({ HF_TOKEN: 'hf_variable' })
    await engine.describeModel({ model })
    expect(tokens()).toEqual(new Set(['Bearer hf_variable']))
  })

  test('so is the token that hf auth login keeps in HF_HOME', async () => {
    writeFileSync(join(shared.home, 'token'), 'hf_file\n')
    const engine = await shared.engine()
    await engine.describeModel({ model })
    expect(tokens()).toEqual(new Set(['Bearer hf_file']))
  })

  test('HF_HUB_CACHE sets the folder of the cache', async () => {
    const cache = join(shared.home, 'elsewhere')
    const engine = await shared.engine({ HF_HUB_CACHE: cache })
    expect((await engine.downloadModel({ model })).path.startsWith(cache)).toBe(true)
    expect(existsSync(join(shared.home, 'hub'))).toBe(false)
    expect((await engine.removeModel(model)).freedBytes).toBeGreaterThan(weights.length)
    expect(existsSync(join(cache, 'models--somebody--hello-mlx'))).toBe(false)
  })

  test('HF_HUB_OFFLINE sends no requests: models on disk work, others are explained', async () => {
    await (await shared.engine()).downloadModel({ model })
    const asked = shared.hub.requests.length
    const engine = await shared.engine({ HF_HUB_OFFLINE: '1' })
    expect((await engine.downloadModel({ model })).revision).toBe('a'.repeat(40))
    expect((await engine.complete({ ...ask('Say hello.'), model })).text).toBe(answerTo('Say hello.'))
    expect(await errorOf(engine.downloadModel({ model: 'somebody/else' }))).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: 'HF_HUB_OFFLINE is set, so the hub is not asked for somebody/else.',
      hint: 'Unset HF_HUB_OFFLINE, or choose a model that is on disk.',
    })
    expect(await errorOf(engine.describeModel({ model }))).toMatchObject({ code: 'DOWNLOAD_FAILED' })
    expect(shared.hub.requests).toHaveLength(asked)
  })

  test('models on disk work without a hub', async () => {
    const engine = await shared.engine()
    const got = await engine.downloadModel({ model })
    await shared.hub[Symbol.asyncDispose]()
    expect(await engine.downloadModel({ model })).toEqual(got)
  })
})

test('the revision of mlx.config.json is requested', async () => {
  const project = makeProject(join(folder.path, 'pinned'))
  const file = join(project, 'mlx.config.json')
  const commit = 'a'.repeat(40)
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), model, revision: commit }))
  const engine = await shared.engine({}, { project })
  expect(await engine.describeModel()).toMatchObject({ model, revision: commit })
  expect(await engine.downloadModel()).toMatchObject({ model, revision: commit })
  const info = shared.hub.requests.filter((line) => line.startsWith(`GET /api/models/${model}/revision/`))
  expect(new Set(info)).toEqual(new Set([`GET /api/models/${model}/revision/${commit}`]))
  await engine.loadModel()
  expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
})

describe('a newer commit', () => {
  test('is downloaded next to the older one', async () => {
    const engine = await shared.engine()
    const old = await engine.downloadModel({ model })
    const asked = shared.gets('.safetensors').length
    shared.hub.commit = 'b'.repeat(40)
    expect((await engine.describeModel({ model })).missingBytes).toBe(0)
    const fresh = await engine.downloadModel({ model })
    expect(fresh.revision).toBe('b'.repeat(40))
    expect(fresh.path).not.toBe(old.path)
    expect(existsSync(join(old.path, 'config.json'))).toBe(true)
    // The content is the same, so it was here.
    expect(shared.gets('.safetensors')).toHaveLength(asked)
    expect((await engine.loadModel({ model, download: false })).path).toBe(fresh.path)
    const pinned = await engine.downloadModel({ model, revision: 'a'.repeat(40) })
    expect(pinned).toEqual(old)
  })

  test('replaces the older one in a folder', async () => {
    const output = join(folder.path, 'newer')
    await using older = await startHub(model, helloDirectory, {
      'words.txt': Buffer.from('one'),
      'old.txt': Buffer.from('old'),
    })
    await (await shared.engine({ HF_ENDPOINT: older.address })).downloadModel({ model, output })
    await using newer = await startHub(model, helloDirectory, { 'words.txt': Buffer.from('three') })
    const engine = await shared.engine({ HF_ENDPOINT: newer.address })
    await engine.downloadModel({ model, output })
    expect(readFileSync(join(output, 'words.txt'), 'utf8')).toBe('three')
    expect(existsSync(join(output, 'old.txt'))).toBe(false)
    expect(newer.requests.filter((line) => line.includes('safetensors'))).toEqual([])

    await using another = await startHub('somebody/else', helloDirectory)
    const other = await shared.engine({ HF_ENDPOINT: another.address })
    expect(await errorOf(other.downloadModel({ model: 'somebody/else', output }))).toMatchObject({
      code: 'INVALID_REQUEST',
      message: `${output} contains the model ${model}; a download of somebody/else would overwrite it or mix with it.`,
    })
  })

  test('two processes fill one folder with one download', async () => {
    const output = join(folder.path, 'two')
    const engines = await Promise.all([shared.engine(), shared.engine()])
    const got = await Promise.all(engines.map((engine) => engine.downloadModel({ model, output })))
    expect(got[1]).toEqual(got[0])
    expect(shared.gets('.safetensors')).toHaveLength(1)
    expect(readFileSync(join(output, 'model.safetensors'))).toEqual(weights)
  })

  test.each([
    [
      'weights of another model',
      (output: string) => writeFileSync(join(output, 'model-2.safetensors'), ''),
      'model-2.safetensors',
    ],
    [
      'a link in the place of a file',
      (output: string) => symlinkSync(helloDirectory, join(output, 'config.json')),
      'config.json',
    ],
  ])('a folder with %s is refused', async (what, fill, name) => {
    const output = join(folder.path, what)
    mkdirSync(output)
    fill(output)
    const engine = await shared.engine()
    expect(await errorOf(engine.downloadModel({ model, output }))).toMatchObject({
      code: 'INVALID_REQUEST',
      message: `${output} contains ${name}; a download of ${model} would overwrite it or mix with it.`,
    })
  })
})
