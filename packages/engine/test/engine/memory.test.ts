import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEngine, type Engine, type EngineOptions } from '../../src/engine/index.ts'
import { answerTo, ask, helloDirectory, story, until, useEngine, useFolder } from './support.ts'

const folder = useFolder()
const shared = useEngine()
const hello = 'Say hello.'

async function withEngine(options: EngineOptions, run: (engine: Engine) => Promise<void>): Promise<void> {
  await using engine = await createEngine({ device: 'cpu', ...options })
  await run(engine)
}

function copies(...names: string[]): string[] {
  return names.map((name) => {
    const path = join(folder.path, name)
    cpSync(helloDirectory, path, { recursive: true })
    return path
  })
}

async function loaded(engine: Engine): Promise<string[]> {
  return (await engine.status()).models.map(({ model }) => model)
}

/** So many times the bytes of the hello model's weights. */
async function hellos(times: number): Promise<number> {
  return Math.floor(times * (await shared.engine.loadModel({ model: 'hello' })).memoryBytes)
}

describe('models under a limit', () => {
  test('a model that cannot fit is refused before it is loaded, with the numbers', async () => {
    await withEngine({ memoryLimitBytes: 100_000 }, async (engine) => {
      await expect(engine.loadModel({ model: 'hello' })).rejects.toMatchObject({
        code: 'OUT_OF_MEMORY',
        message: expect.stringMatching(/hello.*\d+ kB.*100 kB/),
        hint: expect.stringContaining('memoryLimitBytes'),
      })
      expect(await loaded(engine)).toEqual([])
    })
  })

  test('the one that was used least recently makes room for the next', async () => {
    const [one = '', two = '', three = ''] = copies('one', 'two', 'three')
    await withEngine({ memoryLimitBytes: await hellos(2.5) }, async (engine) => {
      await engine.loadModel({ model: one })
      await engine.loadModel({ model: two })
      expect((await engine.complete({ ...ask(hello), model: one, maxTokens: 20 })).text).toBe(answerTo(hello))
      await engine.loadModel({ model: three })
      expect((await loaded(engine)).sort()).toEqual([one, three].sort())
    })
  })

  test('one that is pinned stays, and the error names it', async () => {
    const [one = '', two = ''] = copies('one', 'two')
    await withEngine({ memoryLimitBytes: await hellos(1.5) }, async (engine) => {
      expect(await engine.loadModel({ model: one, pinned: true })).toMatchObject({ pinned: true })
      await expect(engine.loadModel({ model: two })).rejects.toMatchObject({
        code: 'OUT_OF_MEMORY',
        message: expect.stringContaining(one),
      })
      expect(await loaded(engine)).toEqual([one])
    })
  })

  test('one that is in use stays', async () => {
    const [one = '', two = ''] = copies('one', 'two')
    await withEngine({ memoryLimitBytes: await hellos(2.5) }, async (engine) => {
      await engine.loadModel({ model: one })
      const call = engine.complete({ ...ask(story), model: one, maxTokens: 400 })
      await until(async () => (await engine.status()).active === 1)
      await expect(engine.loadModel({ model: two })).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
      expect((await call).text).toBe(answerTo(story))
    })
  })

  test('an idle one is unloaded after its time, and loaded again for the next call', async () => {
    const [one = ''] = copies('one')
    await withEngine({ keepAlive: '50ms' }, async (engine) => {
      await engine.loadModel({ model: one })
      await until(async () => (await loaded(engine)).length === 0)
      expect((await engine.complete({ ...ask(hello), model: one })).text).toBe(answerTo(hello))
    })
  })
})

describe('calls under a limit', () => {
  test('a prompt whose cache cannot fit is refused with the numbers, next to one that is answered', async () => {
    await withEngine({ memoryLimitBytes: await hellos(2) }, async (engine) => {
      await engine.loadModel({ model: 'hello' })
      const messages = ask('word '.repeat(12_000)).messages
      const call = engine.complete({ messages, maxTokens: 1000 })
      await expect(call).rejects.toMatchObject({
        code: 'OUT_OF_MEMORY',
        message: expect.stringMatching(/\d.*kB|MB/),
        hint: expect.stringMatching(/shorter|maxTokens|memoryLimitBytes/),
      })
      const answer = await engine.complete({ ...ask(hello), maxTokens: 20 })
      expect(answer.text).toBe(answerTo(hello))
    })
  })

  test('the status has the limit', async () => {
    await withEngine({ memoryLimitBytes: 12_345_678 }, async (engine) => {
      expect(await engine.status()).toMatchObject({ memoryLimitBytes: 12_345_678 })
    })
    expect((await shared.engine.status()).memoryLimitBytes).toBeGreaterThan(100_000_000)
  })
})

describe('a prompt over the context', () => {
  /** The hello model, said to have been made for 256 tokens. */
  function shortModel(): string {
    const [path = ''] = copies('short')
    const file = join(path, 'config.json')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...config, max_position_embeddings: 256 }))
    return path
  }
  const messages = ask(`${'word '.repeat(400)} Say hello.`).messages

  test('is refused with both numbers', async () => {
    await expect(shared.engine.complete({ messages, model: shortModel() })).rejects.toMatchObject({
      code: 'CONTEXT_LENGTH_EXCEEDED',
      message: expect.stringMatching(/8\d\d tokens.*256/),
      hint: expect.stringContaining('truncation'),
    })
  })

  test('loses its middle on request, and leaves room for the answer', async () => {
    const call = { messages, model: shortModel(), truncation: 'middle' as const }
    expect((await shared.engine.complete({ ...call, maxTokens: 50 })).usage.promptTokens).toBe(256 - 50)
    const { usage } = await shared.engine.complete({ ...call, maxTokens: 1000 })
    expect(usage.promptTokens).toBe(256 / 2)
    expect(usage.completionTokens).toBeLessThanOrEqual(256 / 2)
  })

  test('is left as it is if it fits', async () => {
    const call = { ...ask(hello), model: shortModel(), maxTokens: 100 }
    const cut = await shared.engine.complete({ ...call, truncation: 'middle' })
    expect(cut.text).toBe(answerTo(hello))
  })
})
