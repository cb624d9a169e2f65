import { describe, expect, test } from 'vitest'
import { answerTo, ask, story, textOf, useEngine } from './support.ts'

const shared = useEngine()

describe('the stream', () => {
  test('splits no character: scripts and emoji are intact', async () => {
    for await (const { text } of shared.engine.generate(ask('Say hello in five languages.'))) {
      expect(text).not.toContain('\uFFFD')
    }
  })

  test('reads half of a character at the end of a text as U+FFFD', async () => {
    // The text after the first has a backslash, not half of a character.
    for (const [given, meant] of [
      ['\ud83d', '\ufffd'],
      ['\\ud83d \\\ude00', '\\ud83d \\\ufffd'],
      ['👋', '👋'],
    ]) {
      const cut = { messages: [{ role: 'user' as const, content: `Say hello. ${given}` }] }
      const whole = { messages: [{ role: 'user' as const, content: `Say hello. ${meant}` }] }
      const answer = await shared.engine.complete(cut)
      expect(answer.text).toBe((await shared.engine.complete(whole)).text)
      expect(answer.usage.promptTokens).toBe(await shared.engine.countTokens(whole))
    }
  })

  test('is an iterable and not a promise, so an async function returns it unread', () => {
    expect(shared.engine.generate(ask(story))).not.toHaveProperty('then')
  })

  test('starts when it is iterated, and again with each iteration', async () => {
    const before = (await shared.engine.status()).steps
    const stream = shared.engine.generate(ask('Say hello.'))
    expect((await shared.engine.status()).steps).toBe(before)
    expect(await textOf(stream)).toBe(answerTo('Say hello.'))
    expect(await textOf(stream)).toBe(answerTo('Say hello.'))
  })
})

describe('where it ends', () => {
  test.each([
    ['in the middle of a word', 'ime ther', story],
    ['inside an emoji sequence', '🏽', 'Say hello in five languages.'],
  ])('before a stop string %s, without further tokens', async (_, stop, question) => {
    const answer = answerTo(question)
    const first = answer.indexOf(stop)
    expect(first).toBeGreaterThanOrEqual(0)
    const stopped = await shared.engine.complete({ ...ask(question), stop })
    expect(stopped).toMatchObject({ text: answer.slice(0, first), finishReason: 'stop', stopString: stop })
    const whole = await shared.engine.complete(ask(question))
    expect(stopped.usage.completionTokens).toBeLessThan(whole.usage.completionTokens)
  })
})

describe('sampling', () => {
  const wild = { ...ask(story), temperature: 2, maxTokens: 60 }

  test('a seed gives the same text alone and in a batch; another seed gives another text', async () => {
    const alone = await shared.engine.complete({ ...wild, seed: 7 })
    const seeds = Array.from({ length: 12 }, (_, index) => index)
    const beside = await Promise.all(seeds.map((seed) => shared.engine.complete({ ...wild, seed })))
    expect(beside[7]?.text).toBe(alone.text)
    expect(new Set(beside.map((answer) => answer.text)).size).toBeGreaterThan(6)
  })

  test('without a seed, each call differs', async () => {
    const texts = await Promise.all([1, 2, 3, 4].map(async () => (await shared.engine.complete(wild)).text))
    expect(new Set(texts).size).toBeGreaterThan(1)
  })

  test('a token outside the vocabulary is refused, and affects no other call', async () => {
    for (const token of [512, 99_999_999]) {
      const call = shared.engine.complete({ ...ask('Say hello.'), logitBias: { [token]: 1 } })
      await expect(call).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
    expect((await shared.engine.status()).crashes).toBe(0)
  })

  test.each([
    { repetitionPenalty: 5 },
    { presencePenalty: 2, presenceContext: 300 },
    { frequencyPenalty: 2, frequencyContext: 300 },
    { xtcProbability: 1, xtcThreshold: 0.05 },
  ])('%o changes the text, in the same way alone and in a batch', async (options) => {
    const changed = { ...wild, seed: 1, ...options }
    const alone = await shared.engine.complete(changed)
    const beside = [changed, ask(story), changed].map((call) => shared.engine.complete(call))
    const [first, plain, second] = await Promise.all(beside)
    expect(plain?.text).toBe(answerTo(story))
    expect(alone.text).not.toBe((await shared.engine.complete({ ...wild, seed: 1 })).text)
    expect([first?.text, second?.text]).toEqual([alone.text, alone.text])
  })

  test('a topK above the vocabulary is no limit, and affects no other call', async () => {
    const free = await shared.engine.complete({ ...wild, seed: 3 })
    const limited = await shared.engine.complete({ ...wild, seed: 3, topK: 1_000_000 })
    expect(limited.text).toBe(free.text)
  })
})
