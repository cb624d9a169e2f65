import { describe, expect, test } from 'vitest'
import { ask, useEngine, useFolder } from './support.ts'
import { makeThinkingModel } from './thinking-model.ts'

const shared = useEngine()
const model = makeThinkingModel(useFolder().path)
const question = { ...ask('Count to ten.'), model }

describe('a reasoning model', () => {
  test('reports that it reasons, and returns its reasoning separately from its answer', async () => {
    const { capabilities } = await shared.engine.loadModel({ model })
    expect(capabilities).toContain('reasoning')
    const answer = await shared.engine.complete(question)
    expect(answer.reasoning).toMatch(/^one.*four/)
    expect(answer.text).toMatch(/^,? ?six.*ten/)
    expect(answer.usage.reasoningTokens).toBeGreaterThan(3)
    expect(answer.usage.reasoningTokens).toBeLessThan(answer.usage.completionTokens)
  })

  test('streams its reasoning first, then its answer', async () => {
    const kinds: string[] = []
    for await (const { text, reasoning } of shared.engine.generate(question)) {
      if (reasoning) kinds.push('thought')
      if (text !== '') kinds.push('text')
    }
    expect(kinds).toContain('thought')
    expect(kinds.indexOf('text')).toBeGreaterThan(kinds.lastIndexOf('thought') - 1)
  })

  test.each([0, 1, 3])('reasons for at most %d tokens, and then answers', async (budget) => {
    const whole = await shared.engine.complete(question)
    const { usage, reasoning } = await shared.engine.complete({ ...question, reasoningTokens: budget })
    // The mark that ends the thoughts is one of them.
    expect(usage.reasoningTokens).toBe(budget + 1)
    expect(whole.reasoning.startsWith(reasoning)).toBe(true)
    expect(usage.completionTokens).toBeGreaterThan(usage.reasoningTokens)
  })

  test('follows a format only after its reasoning', async () => {
    const responseFormat = { type: 'regex' as const, pattern: '(yes|no)!' }
    const { text, reasoning } = await shared.engine.complete({ ...question, responseFormat })
    expect(reasoning).toMatch(/^one.*four/)
    expect(text).toMatch(/^(yes|no)!$/)
  })

  test('ignores stop strings in its reasoning', async () => {
    const { text, reasoning } = await shared.engine.complete({ ...question, stop: ['two', 'eight'] })
    expect(reasoning).toContain('two')
    expect(text).toMatch(/seven\D*$/)
  })
})
