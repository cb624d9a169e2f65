import { describe, expect, test } from 'vitest'
import { resolveAlias } from '../../src/engine/aliases.ts'
import {
  createEngine,
  type Engine,
  type EngineOptions,
  type GenerateOptions,
} from '../../src/engine/index.ts'
import { answerTo, ask, endless, makeEndlessModel, occupy, story, until, useFolder } from './support.ts'

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

/** Takes all places of the batch: what is asked for now waits until `leave`. */
async function fill(engine: Engine) {
  const running = occupy(engine, places)
  await until(async () => (await engine.status()).active === places)
  return running
}

/** Calls that wait until all of them are there and then get the places. @returns their names, in the order of their first words. */
async function race(engine: Engine, calls: readonly (GenerateOptions & { name: string; answer: string })[]) {
  const running = await fill(engine)
  const order: string[] = []
  const all = calls.map(async ({ name, answer, ...options }) => {
    let text = ''
    for await (const chunk of engine.generate(options)) {
      if (text === '' && chunk.text !== '') order.push(name)
      text += chunk.text
    }
    expect(text).toBe(answer)
  })
  await until(async () => (await engine.status()).queued === calls.length)
  await running.leave()
  await Promise.all(all)
  return order
}

function times<Value>(count: number, value: Value): Value[] {
  return Array.from({ length: count }, () => value)
}

describe('order', () => {
  test('interactive calls go before batch calls, which get their turn too', async () => {
    await withEngine({}, async (engine) => {
      const early = {
        name: 'early',
        priority: 'batch' as const,
        ...ask(counting),
        answer: answerTo(counting),
      }
      const late = { name: 'late', priority: 'interactive' as const, ...ask(hello), answer: answerTo(hello) }
      const order = await race(engine, [...times(2 * places, early), ...times(4, late)])
      expect(order.lastIndexOf('late')).toBeLessThan(places)
    })
  })

  test('callers take turns, however many calls one of them makes', async () => {
    await withEngine({}, async (engine) => {
      const greedy = { name: 'greedy', caller: 'greedy', ...ask(counting), answer: answerTo(counting) }
      const modest = { name: 'modest', caller: 'modest', ...ask(hello), answer: answerTo(hello) }
      const order = await race(engine, [...times(4 * places, greedy), ...times(2, modest)])
      expect(order.lastIndexOf('modest')).toBeLessThan(places)
    })
  })

  test('calls that exceed the queue limit are refused with the numbers; the others are answered', async () => {
    await withEngine({ queueLimit: 3 }, async (engine) => {
      const running = await fill(engine)
      const waiting = times(3, ask(hello)).map((options) => engine.complete(options))
      await until(async () => (await engine.status()).queued === 3)
      await expect(engine.complete(ask(hello))).rejects.toMatchObject({
        code: 'QUEUE_FULL',
        message: expect.stringContaining('3'),
        hint: expect.stringContaining('queueLimit'),
      })
      await running.leave()
      for (const { text } of await Promise.all(waiting)) expect(text).toBe(answerTo(hello))
    })
  })
})

describe('a deadline', () => {
  const late = { code: 'DEADLINE_EXCEEDED', message: expect.stringContaining('ms') }

  test('ends a decoding call, after the text that it has', async () => {
    await withEngine({}, async (engine) => {
      const call = { ...ask(story), ...endless, deadlineMs: 1000 }
      let text = ''
      const read = async () => {
        for await (const chunk of engine.generate(call)) text += chunk.text
      }
      await expect(read()).rejects.toMatchObject(late)
      expect(text).not.toBe('')
      expect(text.startsWith(answerTo(story)) || answerTo(story).startsWith(text)).toBe(true)
      expect(await engine.status()).toMatchObject({ active: 0, queued: 0 })
    })
  })

  test('ends a waiting call', async () => {
    await withEngine({}, async (engine) => {
      const running = await fill(engine)
      await expect(engine.complete({ ...ask(hello), deadlineMs: 300 })).rejects.toMatchObject(late)
      expect(await engine.status()).toMatchObject({ active: places, queued: 0 })
      await running.leave()
    })
  })

  test('ends a call whose model never loads, even if the worker hangs', async () => {
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

  test('that form a circle are an error', () => {
    expect(() => resolveAlias(aliases, 'round')).toThrow('round -> trip -> round')
  })

  test('lead to a model, and the answer says which', async () => {
    await withEngine({ aliases }, async (engine) => {
      const { text, model } = await engine.complete({ ...ask(hello), model: 'also' })
      expect({ text, model }).toEqual({ text: answerTo(hello), model: 'hello' })
    })
  })
})
