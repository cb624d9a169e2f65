import { expect, test } from 'vitest'
import { ask, story, until, useEngine } from './support.ts'

const shared = useEngine()

test('while a prompt of 20,000 tokens is read, a stream gets a piece between any two chunks of it', async () => {
  const { engine } = shared
  const events: ('piece' | 'chunk')[] = []
  const stop = new AbortController()
  // It goes on for as long as it is read: the token that ends a text is ruled out.
  const endless = { ...ask(story), logitBias: { 2: -100 }, maxTokens: 20_000, signal: stop.signal }
  const streaming = (async () => {
    for await (const { text } of engine.generate(endless)) if (text !== '') events.push('piece')
  })()
  const streamed = expect(streaming).rejects.toMatchObject({ code: 'ABORTED' })
  await until(async () => events.length > 0)
  const prompt = 'word '.repeat(10_000)
  let totalTokens = 0
  const reading = engine.complete({
    prompt,
    signal: stop.signal,
    onPromptProgress: (progress) => {
      events.push('chunk')
      totalTokens = progress.totalTokens
      if (events.length >= 300) stop.abort()
    },
  })
  await expect(reading).rejects.toMatchObject({ code: 'ABORTED' })
  await streamed
  expect(totalTokens).toBeGreaterThanOrEqual(20_000)
  expect(events.filter((event) => event === 'chunk').length).toBeGreaterThan(10)
  expect(events.join(' ')).not.toContain('chunk chunk chunk')
})
