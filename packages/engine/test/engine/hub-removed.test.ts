import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { answerTo, ask, endless, makeProject, until, useFolder } from './support.ts'
import { errorOf, model, useHub, weights } from './use-hub.ts'

const folder = useFolder()
const shared = useHub(folder.path)

describe('only files in the cache are removed', () => {
  test('no link is followed out of it', async () => {
    const engine = await shared.engine()
    await engine.downloadModel({ model })
    const outside = join(folder.path, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'precious'), 'mine')
    symlinkSync(outside, join(shared.cached, 'blobs', 'linked'))
    symlinkSync(outside, join(shared.cached, 'snapshots', 'a'.repeat(40), 'linked'))
    symlinkSync(outside, join(shared.home, 'hub', 'models--somebody--linked'))
    await engine.cleanModels()
    await engine.removeModel(model)
    expect(await engine.removeModel('somebody/linked')).toMatchObject({ freedBytes: 0 })
    expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('mine')
    expect(readdirSync(join(shared.home, 'hub')).filter((name) => name.startsWith('models--'))).toEqual([])
  })

  test('a repository that huggingface_hub cannot read is removed too', async () => {
    mkdirSync(join(shared.cached, 'blobs'), { recursive: true })
    writeFileSync(join(shared.cached, 'blobs', `${'c'.repeat(64)}.incomplete`), Buffer.alloc(5000))
    const engine = await shared.engine()
    expect(await engine.removeModel(model)).toMatchObject({ freedBytes: 5000, path: shared.cached })
    expect(existsSync(shared.cached)).toBe(false)
  })

  test('a downloaded model below models/ is removed, but not hello or anything above', async () => {
    const project = makeProject(join(folder.path, 'project'))
    const engine = await shared.engine({}, { project })
    const output = join(project, 'models', 'mine')
    await engine.downloadModel({ model, output })
    expect((await engine.models()).map((found) => found.model)).toEqual(['hello', 'mine'])
    expect((await engine.complete({ ...ask('Say hello.'), model: 'mine' })).text).toBe(answerTo('Say hello.'))
    expect((await engine.removeModel('mine')).freedBytes).toBeGreaterThan(weights.length)
    expect(existsSync(output)).toBe(false)
    for (const name of ['mine/..', 'hello/../hello', '../models', '.', output]) {
      expect(await errorOf(engine.removeModel(name))).toMatchObject({ code: 'INVALID_REQUEST' })
    }
    expect(await errorOf(engine.removeModel('hello'))).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(existsSync(join(project, 'models', 'hello', 'config.json'))).toBe(true)
  })

  test('a model in use is not removed', async () => {
    const engine = await shared.engine()
    await engine.loadModel({ model })
    const stream = engine.generate({ ...ask('Tell me a story.'), ...endless, model })[Symbol.asyncIterator]()
    await stream.next()
    const error = await errorOf(engine.removeModel(model))
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: `${model} is in use.` })
    await stream.return?.()
    await until(async () => (await engine.status()).active === 0)
    await engine.removeModel(model)
    expect(existsSync(shared.cached)).toBe(false)
  })
})
