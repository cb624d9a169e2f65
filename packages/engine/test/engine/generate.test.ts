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
