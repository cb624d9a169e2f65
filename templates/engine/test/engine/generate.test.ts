import { describe, expect, test } from 'vitest'
import { answers, answerTo, ask, story, textOf, useEngine } from './support.ts'

const shared = useEngine()

describe('answers', () => {
  test.each(answers)('$question', async ({ question, answer }) => {
    const whole = await shared.engine.complete(ask(question))
    expect(whole).toMatchObject({ text: answer, finishReason: 'stop', model: 'hello' })
  })

  test('a second turn, under a system message', async () => {
    const first = answers[0]
    if (first === undefined) throw new Error('no answers')
    const messages = [
      { role: 'system' as const, content: 'You are a helpful assistant.' },
      { role: 'user' as const, content: first.question },
      { role: 'assistant' as const, content: first.answer },
      ...ask('Say hello in five languages.').messages,
    ]
    expect(await textOf(shared.engine.generate({ messages }))).toBe(answerTo('Say hello in five languages.'))
  })

  test('a raw prompt goes on without a template', async () => {
    const prompt = '<|im_start|>user\nSay hello.<|im_end|>\n<|im_start|>assistant\n'
    expect(await textOf(shared.engine.generate({ prompt }))).toBe(answerTo('Say hello.'))
  })
})

describe('the stream', () => {
  test('is text in every chunk, and the rest in the last', async () => {
    const chunks = []
    for await (const chunk of shared.engine.generate(ask(story))) chunks.push(chunk)
    const last = chunks.pop()
    expect(chunks.length).toBeGreaterThan(20)
    for (const chunk of chunks) expect(Object.keys(chunk)).toEqual(['text', 'index'])
    expect(last).toMatchObject({ finishReason: 'stop', model: 'hello' })
    expect([...chunks, last].map((chunk) => chunk?.text).join('')).toBe(answerTo(story))
  })

  test('cuts no character: scripts and emoji come whole', async () => {
    for await (const { text } of shared.engine.generate(ask('Say hello in five languages.'))) {
      expect(text).not.toContain('\uFFFD')
    }
  })

  test('is an iterable and no promise, so that an async function gives it out unread', () => {
    expect(shared.engine.generate(ask(story))).not.toHaveProperty('then')
  })

  test('starts when it is iterated, and anew with each iteration', async () => {
    const before = (await shared.engine.status()).steps
    const stream = shared.engine.generate(ask('Say hello.'))
    expect((await shared.engine.status()).steps).toBe(before)
    expect(await textOf(stream)).toBe(answerTo('Say hello.'))
    expect(await textOf(stream)).toBe(answerTo('Say hello.'))
  })

  test('tells usage and timings', async () => {
    const { usage, timings } = await shared.engine.complete({ ...ask(story), maxTokens: 40 })
    expect(usage.completionTokens).toBe(40)
    expect(usage.promptTokens).toBeGreaterThan(5)
    expect(timings.ttftMs).toBeGreaterThan(0)
    expect(timings.totalMs).toBeGreaterThanOrEqual(timings.ttftMs)
    expect(timings.tokensPerSecond).toBeGreaterThan(1)
    expect(timings.promptTokensPerSecond).toBeGreaterThan(1)
  })
})

describe('where it ends', () => {
  test('at maxTokens, with length', async () => {
    const answer = await shared.engine.complete({ ...ask(story), maxTokens: 7 })
    expect(answer).toMatchObject({ finishReason: 'length', usage: { completionTokens: 7 } })
    expect(answerTo(story).startsWith(answer.text)).toBe(true)
  })

  test.each([
    ['in the middle of a word', 'ime ther'],
    ['across words', 'a tiny model with'],
    ['at the first character', 'O'],
    ['of several, at the one that comes first', ['two layers', 'upon']],
    ['at a character of several bytes', 'ü', 'Say hello in five languages.'],
    ['inside an emoji sequence', '🏽', 'Say hello in five languages.'],
  ])('before a stop string %s', async (_, stop, question = story) => {
    const answer = answerTo(question)
    const first = Math.min(...[stop].flat().map((text) => answer.indexOf(text)))
    expect(first).toBeGreaterThanOrEqual(0)
    const stopped = await shared.engine.complete({ ...ask(question), stop })
    expect(stopped).toMatchObject({ text: answer.slice(0, first), finishReason: 'stop' })
    const whole = await shared.engine.complete(ask(question))
    expect(stopped.usage.completionTokens).toBeLessThan(whole.usage.completionTokens)
  })

  test('not before a stop string that does not come, which holds no text back in the end', async () => {
    const stop = [`${answerTo('Say hello.').slice(-5)} and more`]
    expect(await textOf(shared.engine.generate({ ...ask('Say hello.'), stop }))).toBe(answerTo('Say hello.'))
  })

  test('before the context of the model is full, with both numbers', async () => {
    const prompt = 'hello '.repeat(40_000)
    await expect(shared.engine.complete({ prompt })).rejects.toMatchObject({
      code: 'CONTEXT_LENGTH_EXCEEDED',
      message: expect.stringMatching(/\d{5} tokens.*32768/),
    })
  })
})

describe('sampling', () => {
  const wild = { ...ask(story), temperature: 2, maxTokens: 60 }

  test('a seed gives the same text alone and beside others; another seed another text', async () => {
    const alone = await shared.engine.complete({ ...wild, seed: 7 })
    const seeds = Array.from({ length: 12 }, (_, index) => index)
    const beside = await Promise.all(seeds.map((seed) => shared.engine.complete({ ...wild, seed })))
    expect(beside[7]?.text).toBe(alone.text)
    expect(new Set(beside.map((answer) => answer.text)).size).toBeGreaterThan(6)
  })

  test('without a seed each call is its own', async () => {
    const texts = await Promise.all([1, 2, 3, 4].map(async () => (await shared.engine.complete(wild)).text))
    expect(new Set(texts).size).toBeGreaterThan(1)
  })

  test.each([{ topK: 1 }, { topP: 0.000_001 }, { minP: 1 }])(
    '%o leaves the likeliest token',
    async (only) => {
      expect((await shared.engine.complete({ ...wild, maxTokens: 1024, ...only })).text).toBe(answerTo(story))
    },
  )

  // The token that ends an answer of the hello model.
  const end = 2

  test('logitBias forbids a token, or makes it sure', async () => {
    const endless = { ...ask('Say hello.'), maxTokens: 60 }
    expect(await shared.engine.complete({ ...endless, logitBias: { [end]: -100 } })).toMatchObject({
      finishReason: 'length',
      text: expect.stringMatching(/^Hello from a real MLX model!/),
    })
    expect(await shared.engine.complete({ ...endless, logitBias: { [end]: 100 } })).toMatchObject({
      finishReason: 'stop',
      text: '',
    })
  })

  test('a token that the model has not is refused, and harms nobody', async () => {
    for (const token of [512, 99_999_999]) {
      const call = shared.engine.complete({ ...ask('Say hello.'), logitBias: { [token]: 1 } })
      await expect(call).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
    expect((await shared.engine.status()).deaths).toBe(0)
  })

  test.each([
    { repetitionPenalty: 5 },
    { presencePenalty: 2, presenceContext: 300 },
    { frequencyPenalty: 2, frequencyContext: 300 },
    { xtcProbability: 1, xtcThreshold: 0.05 },
  ])('%o changes the text, the same way alone and beside others', async (options) => {
    const changed = { ...wild, seed: 1, ...options }
    const alone = await shared.engine.complete(changed)
    const beside = [changed, ask(story), changed].map((call) => shared.engine.complete(call))
    const [first, plain, second] = await Promise.all(beside)
    expect(plain?.text).toBe(answerTo(story))
    expect(alone.text).not.toBe((await shared.engine.complete({ ...wild, seed: 1 })).text)
    expect([first?.text, second?.text]).toEqual([alone.text, alone.text])
  })

  test('a topK above the vocabulary is no limit, and harms nobody', async () => {
    const free = await shared.engine.complete({ ...wild, seed: 3 })
    const limited = await shared.engine.complete({ ...wild, seed: 3, topK: 1_000_000 })
    expect(limited.text).toBe(free.text)
  })
})
