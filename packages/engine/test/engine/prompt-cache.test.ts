import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEngine, type Engine } from '../../src/engine/index.ts'
import { answerTo, ask, story, useEngine, useFolder } from './support.ts'

const shared = useEngine()
const folder = useFolder()

const hello = 'Say hello.'

async function fresh<Value>(run: (engine: Engine) => Promise<Value>, promptCacheBytes?: number) {
  await using engine = await createEngine({ device: 'cpu', promptCacheBytes })
  return await run(engine)
}

describe('what was read before is not read again', () => {
  test('the cache stays within its limit', async () => {
    const kept = 40_000
    const bytes = await fresh(async (engine) => {
      for (const question of [story, 'Count to ten.', hello]) await engine.complete(ask(question))
      const { text } = await engine.complete(ask(hello))
      expect(text).toBe(answerTo(hello))
      return (await engine.status()).promptCacheBytes
    }, kept)
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThanOrEqual(kept)
  })

  test('nothing is kept if a call opts out or the limit is 0', async () => {
    const engineBytes = async (engine: Engine) => (await engine.status()).promptCacheBytes
    await fresh(async (engine) => {
      await engine.complete({ ...ask(hello), promptCache: false })
      expect(await engineBytes(engine)).toBe(0)
    })
    await fresh(async (engine) => {
      await engine.complete(ask(hello))
      expect((await engine.complete(ask(hello))).usage.cachedTokens).toBe(0)
      expect(await engineBytes(engine)).toBe(0)
    }, 0)
  })
})

describe('a file that keeps what was read', () => {
  const cacheFile = join(folder.path, 'document.safetensors')

  test('is written by the first call, and read by another engine', async () => {
    const first = await fresh((engine) => engine.complete({ ...ask(story), cacheFile }))
    expect(first).toMatchObject({ text: answerTo(story), usage: { cachedTokens: 0 } })
    expect(existsSync(cacheFile)).toBe(true)
    const second = await fresh((engine) => engine.complete({ ...ask(story), cacheFile }))
    expect(second.text).toBe(answerTo(story))
    expect(second.usage.cachedTokens).toBe(second.usage.promptTokens - 1)
  })

  test('is made anew where it was cut off', async () => {
    const cut = join(folder.path, 'cut.safetensors')
    const whole = readFileSync(cacheFile)
    writeFileSync(cut, whole)
    truncateSync(cut, whole.length / 2)
    const ofFile = (engine: Engine) => engine.complete({ ...ask(story), cacheFile: cut, promptCache: false })
    await fresh(async (engine) => {
      expect(await ofFile(engine)).toMatchObject({ text: answerTo(story), usage: { cachedTokens: 0 } })
      const { text, usage } = await ofFile(engine)
      expect(text).toBe(answerTo(story))
      expect(usage.cachedTokens).toBe(usage.promptTokens - 1)
    })
  })

  test('with other contents is refused, and not overwritten', async () => {
    const other = join(folder.path, 'notes.safetensors')
    writeFileSync(other, 'my notes')
    const call = shared.engine.complete({ ...ask('Nobody asked this before.'), cacheFile: other })
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('notes.safetensors'),
    })
    expect((await shared.engine.complete(ask(hello))).text).toBe(answerTo(hello))
  })
})
