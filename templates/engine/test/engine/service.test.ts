import { describe, expect, test } from 'vitest'
import { createEngine, type Engine, type EngineOptions, type GenerateOptions } from '#engine'
import { resolveAlias } from '../../src/engine/aliases.ts'
import { answerTo, ask, makeEndlessModel, story, until, useFolder } from './support.ts'

const folder = useFolder()
const hello = 'Say hello.'
const counting = 'Count to ten.'
/** Sequences that decode together. */
const places = 32

async function withEngine(options: EngineOptions, run: (engine: Engine) => Promise<void>): Promise<void> {
  await using engine = await createEngine({ device: 'cpu', ...options })
  await engine.loadModel({ model: 'hello' })
  await run(engine)
}

/** Calls in the order in which they ended. */
function race(engine: Engine, calls: readonly (GenerateOptions & { name: string })[]) {
  const order: string[] = []
  const all = calls.map(async ({ name, ...options }) => {
    const { text } = await engine.complete(options)
    order.push(name)
    return text
  })
  return { order, all: Promise.all(all) }
}

function times<Value>(count: number, value: Value): Value[] {
  return Array.from({ length: count }, () => value)
}

describe('order', () => {
  test('interactive calls go before those of a batch, which come to their turn all the same', async () => {
    await withEngine({}, async (engine) => {
      const batch = times(2 * places, { name: 'batch', priority: 'batch' as const, ...ask(counting) })
      const early = race(engine, batch)
      await until(async () => (await engine.status()).queued >= places)
      const late = race(engine, times(4, { name: 'interactive', priority: 'interactive', ...ask(hello) }))
      await late.all
      expect(early.order.length).toBeLessThanOrEqual(places + 4)
      for (const text of await early.all) expect(text).toBe(answerTo(counting))
    })
  })

  test('callers take turns, however much one of them asks', async () => {
    await withEngine({}, async (engine) => {
      const greedy = race(engine, times(4 * places, { name: 'greedy', caller: 'greedy', ...ask(counting) }))
      await until(async () => (await engine.status()).queued >= 3 * places)
      const modest = race(engine, times(2, { name: 'modest', caller: 'modest', ...ask(hello) }))
      await modest.all
      expect(greedy.order.length).toBeLessThan(3 * places)
      await greedy.all
    })
  })

  test('more calls than may wait are refused, with the numbers; the others are answered', async () => {
    await withEngine({ queueLimit: 3 }, async (engine) => {
      const running = times(places, ask(story)).map((options) => engine.complete(options))
      await until(async () => (await engine.status()).active === places)
      const waiting = times(3, ask(hello)).map((options) => engine.complete(options))
      await until(async () => (await engine.status()).queued === 3)
      await expect(engine.complete(ask(hello))).rejects.toMatchObject({
        code: 'QUEUE_FULL',
        message: expect.stringContaining('3'),
        hint: expect.stringContaining('queueLimit'),
      })
      for (const { text } of await Promise.all(waiting)) expect(text).toBe(answerTo(hello))
      for (const { text } of await Promise.all(running)) expect(text).toBe(answerTo(story))
    })
  })
})

describe('a deadline', () => {
  const late = { code: 'DEADLINE_EXCEEDED', message: expect.stringContaining('ms') }

  test('ends a call that decodes, after the text that it has', async () => {
    await withEngine({}, async (engine) => {
      // No answer ends by itself here.
      const endless = { ...ask(story), logitBias: { 2: -100 }, maxTokens: 20_000, deadlineMs: 300 }
      let text = ''
      const read = async () => {
        for await (const chunk of engine.generate(endless)) text += chunk.text
      }
      await expect(read()).rejects.toMatchObject(late)
      expect(text).not.toBe('')
      expect(text.startsWith(answerTo(story)) || answerTo(story).startsWith(text)).toBe(true)
      expect(await engine.status()).toMatchObject({ active: 0, queued: 0 })
    })
  })

  test('ends a call that waits for its place', async () => {
    await withEngine({}, async (engine) => {
      const running = times(places, ask(story)).map((options) => engine.complete(options))
      await expect(engine.complete({ ...ask(story), deadlineMs: 1 })).rejects.toMatchObject(late)
      for (const { text } of await Promise.all(running)) expect(text).toBe(answerTo(story))
    })
  })

  test('ends a call whose model never comes, even where the worker can do nothing else', async () => {
    const endless = makeEndlessModel(folder.path)
    await withEngine({}, async (engine) => {
      const opened = endless.opened()
      const call = engine.complete({ ...ask(hello), model: endless.path, deadlineMs: 300 })
      await expect(call).rejects.toMatchObject(late)
      await (await opened).close()
    })
  })
})

describe('aliases', () => {
  const aliases = {
    chat: 'hello',
    trial: [
      { model: 'old', weight: 3 },
      { model: 'new', weight: 1 },
    ],
    also: 'chat',
    round: 'trip',
    trip: 'round',
  }

  test.each([
    ['hello', 0, 'hello'],
    ['chat', 0, 'hello'],
    ['also', 0, 'hello'],
    ['trial', 0, 'old'],
    ['trial', 0.74, 'old'],
    ['trial', 0.76, 'new'],
    ['trial', 0.999_999, 'new'],
    ['constructor', 0, 'constructor'],
  ])('%s at %d is %s', (name, chance, model) => {
    expect(resolveAlias(aliases, name, () => chance)).toBe(model)
  })

  test('in a circle are an error', () => {
    expect(() => resolveAlias(aliases, 'round')).toThrow('round -> trip -> round')
  })

  test('lead to a model, and the answer says which', async () => {
    await withEngine({ aliases }, async (engine) => {
      const { text, model } = await engine.complete({ ...ask(hello), model: 'also' })
      expect({ text, model }).toEqual({ text: answerTo(hello), model: 'hello' })
    })
  })
})
