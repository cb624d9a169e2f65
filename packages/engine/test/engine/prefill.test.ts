import { expect, test } from 'vitest'
import { ask, story } from './support.ts'
import { next, withWorker } from './worker.ts'

test('while a prompt of 20,000 tokens is read, a stream gets a piece between any two chunks of it', async () => {
  await withWorker(async (say, events) => {
    await next(events)
    // It goes on for as long as it is read: the token that ends a text is ruled out. Log-probabilities come with each
    // token, also with one that is no text yet.
    const sampling = { logitBias: { 2: -100 }, logprobs: 0 }
    const endless = { type: 'generate', id: 1, model: 'hello', ...ask(story), ...sampling }
    say(JSON.stringify({ ...endless, maxTokens: 20_000 }))
    while ((await next(events)).type !== 'tokens');
    const prompt = 'word '.repeat(10_000)
    say(JSON.stringify({ type: 'generate', id: 2, model: 'hello', prompt, promptProgress: true }))
    let chunksInARow = 0
    let chunks = 0
    let least = Number.POSITIVE_INFINITY
    let before = 0
    while (chunks < 150) {
      const event = await next(events)
      if (event.type === 'promptProgress') {
        expect(event.totalTokens).toBeGreaterThanOrEqual(20_000)
        if (event.processedTokens > 0) least = Math.min(least, event.processedTokens - before)
        before = event.processedTokens
        chunks += 1
        chunksInARow += 1
      } else {
        expect(event.type).toBe('tokens')
        chunksInARow = 0
      }
      // The first one tells that nothing was read yet.
      expect(chunksInARow).toBeLessThanOrEqual(chunks <= 2 ? 2 : 1)
    }
    // Chunks become so small that they take no longer than a few steps of the stream.
    expect(least).toBeLessThan(512)
  })
})
