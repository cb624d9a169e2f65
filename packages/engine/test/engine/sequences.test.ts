import { describe, expect, test } from 'vitest'
import { answerTo, ask, story, useEngine } from './support.ts'

const shared = useEngine()
const wild = { ...ask(story), temperature: 1.5, maxTokens: 40 }

describe('n sequences', () => {
  test('share the prefill of the prompt', async () => {
    const messages = ask(`Read this. ${'Over and over. '.repeat(300)}`).messages
    const read: number[] = []
    const { usage } = await shared.engine.complete({
      messages,
      n: 8,
      maxTokens: 2,
      onPromptProgress: ({ processedTokens }) => read.push(processedTokens),
    })
    expect(read).toEqual([...read].sort((one, other) => one - other))
    expect(read.at(-1)).toBe(usage.promptTokens)
    expect(usage.completionTokens).toBe(16)
  })

  test('end separately; the last chunk has the usage of all', async () => {
    const ends = new Map<number, string>()
    let last: object | undefined
    const seen = new Set<number>()
    for await (const chunk of shared.engine.generate({ ...wild, n: 5, seed: 1 })) {
      expect(ends.has(chunk.index)).toBe(false)
      seen.add(chunk.index)
      if (chunk.finishReason !== undefined) ends.set(chunk.index, chunk.finishReason)
      expect(last).toBeUndefined()
      if (chunk.usage !== undefined) last = chunk
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4])
    expect(ends.size).toBe(5)
    expect(last).toMatchObject({ model: 'hello', timings: expect.anything() })
  })

  test('that are cancelled leave nothing behind', async () => {
    for await (const chunk of shared.engine.generate({ ...ask(story), n: 8 })) {
      if (chunk.text !== '') break
    }
    expect(await shared.engine.status()).toMatchObject({ active: 0, queued: 0 })
  })
})

describe('log-probabilities', () => {
  test('of each token, with alternatives in falling order, the taken one first at temperature 0', async () => {
    const { logprobs, usage } = await shared.engine.complete({ ...ask(story), logprobs: 5 })
    expect(logprobs).toHaveLength(usage.completionTokens)
    for (const { tokenId, logprob, top } of logprobs) {
      expect(top).toHaveLength(5)
      expect(top[0]).toMatchObject({ tokenId, logprob })
      const values = top.map((alternative) => alternative.logprob)
      expect(values).toEqual([...values].sort((one, other) => other - one))
      expect(top.reduce((sum, alternative) => sum + Math.exp(alternative.logprob), 0)).toBeLessThan(1.01)
    }
    // All but the end of the text.
    const text = await shared.engine.detokenise(logprobs.slice(0, -1).map(({ tokenId }) => tokenId))
    expect(text).toBe(answerTo(story))
  })
})
