import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { answers, answerTo, ask, endless, occupy, story, textOf, until, useEngine } from './support.ts'

const shared = useEngine()

async function idle(): Promise<void> {
  await until(async () => {
    const { active, queued } = await shared.engine.status()
    return active + queued === 0
  })
}

test('32 calls at once, each with its own text', async () => {
  const calls = Array.from({ length: 32 }, (_, index) => answers[index % answers.length])
  const texts = await Promise.all(
    calls.map((pair) => textOf(shared.engine.generate(ask(pair?.question ?? '')))),
  )
  expect(texts).toEqual(calls.map((pair) => pair?.answer))
})

test('decodes calls together: 8 take far fewer steps than one after the other', async () => {
  const steps = async () => (await shared.engine.status()).steps
  const start = await steps()
  await shared.engine.complete(ask(story))
  const alone = (await steps()) - start
  await Promise.all(Array.from({ length: 8 }, () => shared.engine.complete(ask(story))))
  expect((await steps()) - start - alone).toBeLessThan(2 * alone)
})

test('more calls than the batch holds wait for their turn', async () => {
  const texts = await Promise.all(Array.from({ length: 70 }, () => shared.engine.complete(ask('Say hello.'))))
  expect(new Set(texts.map(({ text }) => text))).toEqual(new Set([answerTo('Say hello.')]))
})

describe('ending a call early', () => {
  test('an abort stops within two steps, and other calls continue unchanged', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const neighbours = Promise.all([1, 2, 3].map(() => shared.engine.complete(ask(story))))
    let text = ''
    const reading = (async () => {
      for await (const chunk of shared.engine.generate({ ...ask(story), ...endless, signal })) {
        text += chunk.text
        if (text.length > 20) controller.abort()
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' })
    const told = answerTo(story)
    expect(text.slice(0, told.length)).toBe(told.slice(0, text.length))
    expect((await shared.engine.status()).active).toBeLessThanOrEqual(3)
    for (const { text: whole } of await neighbours) expect(whole).toBe(answerTo(story))
  })

  test('after the last abort nothing is active, and no step follows', async () => {
    const controller = new AbortController()
    const call = shared.engine.complete({ ...ask(story), ...endless, signal: controller.signal })
    await until(async () => (await shared.engine.status()).active === 1)
    controller.abort(new Error('enough'))
    const error = await call.catch((reason: unknown) => reason)
    expect(error).toHaveProperty('code', 'ABORTED')
    expect(error).toHaveProperty('cause.message', 'enough')
    const after = await shared.engine.status()
    expect(after).toMatchObject({ active: 0, queued: 0 })
    // Whatever went on would be seen in one of these answers. The step of that moment may be counted late.
    for (let asked = 0; asked < 50; asked += 1) await shared.engine.status()
    expect((await shared.engine.status()).steps - after.steps).toBeLessThanOrEqual(1)
  })

  test('leaving the loop cancels', async () => {
    for await (const chunk of shared.engine.generate(ask(story))) {
      if (chunk.text !== '') break
    }
    expect(await shared.engine.status()).toMatchObject({ active: 0, queued: 0 })
  })

  test('an error thrown in the loop cancels, and reaches the caller', async () => {
    const reading = (async () => {
      for await (const _ of shared.engine.generate(ask(story))) throw new Error('mine')
    })()
    await expect(reading).rejects.toThrow('mine')
    expect(await shared.engine.status()).toMatchObject({ active: 0, queued: 0 })
  })

  test('a signal that is already aborted starts nothing', async () => {
    const { steps } = await shared.engine.status()
    const signal = AbortSignal.abort()
    await expect(shared.engine.complete({ ...ask(story), signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect((await shared.engine.status()).steps).toBe(steps)
  })

  test('a waiting call is cancelled too', async () => {
    const controller = new AbortController()
    const running = occupy(shared.engine, 32)
    await until(async () => (await shared.engine.status()).active === 32)
    const waiting = shared.engine.complete({ ...ask(story), ...endless, signal: controller.signal })
    await until(async () => (await shared.engine.status()).queued === 1)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await shared.engine.status()).toMatchObject({ active: 32, queued: 0 })
    await running.leave()
    await idle()
  })

  test('a call in the middle of a long prompt is cancelled without delaying the next one', async () => {
    const controller = new AbortController()
    const prompt = 'hello '.repeat(8_000)
    const long = shared.engine.complete({ prompt, ...endless, signal: controller.signal })
    await until(async () => (await shared.engine.status()).active === 1)
    controller.abort()
    await expect(long).rejects.toMatchObject({ code: 'ABORTED' })
    expect((await shared.engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
  })

  test('no listener stays on a signal after its calls', async () => {
    const { signal } = new AbortController()
    await shared.engine.complete({ ...ask('Say hello.'), signal })
    for await (const _ of shared.engine.generate({ ...ask(story), signal })) break
    await shared.engine.loadModel({ model: 'hello', signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

test('a slow reader gets everything, and delays no other call', async () => {
  const iterator = shared.engine.generate(ask(story))[Symbol.asyncIterator]()
  let text = (await iterator.next()).value?.text ?? ''
  expect((await shared.engine.complete(ask(story))).text).toBe(answerTo(story))
  await idle()
  for (let item = await iterator.next(); !item.done; item = await iterator.next()) text += item.value.text
  expect(text).toBe(answerTo(story))
})
