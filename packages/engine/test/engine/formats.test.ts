import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, ask, story, useEngine } from './support.ts'

const shared = useEngine()

const person = z.object({
  name: z.string().max(12),
  age: z.int().min(0).max(120),
  tags: z.array(z.enum(['a', 'b'])).max(3),
})

describe('values of a schema', () => {
  test('at any temperature, next to free calls whose text stays the same', async () => {
    const { engine } = shared
    const calls = Array.from({ length: 6 }, (_, seed) =>
      engine.generateObject({ ...ask('Say hello.'), schema: person, temperature: 1, seed, maxTokens: 400 }),
    )
    const free = [story, 'What is MLX?'].map((question) => engine.complete(ask(question)))
    const values = (await Promise.all(calls)).map(({ object, finishReason }) => {
      expect(finishReason).toBe('stop')
      return person.parse(object)
    })
    expect(new Set(values.map((value) => JSON.stringify(value))).size).toBeGreaterThan(1)
    const texts = (await Promise.all(free)).map(({ text }) => text)
    expect(texts).toEqual([answerTo(story), answerTo('What is MLX?')])
  })

  test('the same for the same seed, alone and in a batch', async () => {
    const call = { ...ask('Say hello.'), schema: person, temperature: 1, seed: 5, maxTokens: 400 }
    const alone = await shared.engine.generateObject(call)
    const together = await Promise.all([1, 2, 3].map(() => shared.engine.generateObject(call)))
    for (const { object } of together) expect(object).toEqual(alone.object)
  })

  test('that are cut off are an error', async () => {
    const call = shared.engine.generateObject({ ...ask('Say hello.'), schema: person, maxTokens: 4 })
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_OUTPUT',
      message: expect.stringContaining('cut off'),
      hint: expect.stringContaining('maxTokens'),
    })
  })

  test('that a refinement rejects are an error with its reason', async () => {
    const schema = z.object({ layers: z.int().max(9) }).refine(() => false, 'never good enough')
    const call = shared.engine.generateObject({ ...ask('Write JSON.'), schema })
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_OUTPUT',
      message: expect.stringContaining('never good enough'),
    })
  })

  test('of a transforming schema are transformed', async () => {
    const schema = z.object({ yes: z.enum(['a', 'b']) }).transform(({ yes }) => yes.toUpperCase())
    const { object } = await shared.engine.generateObject({ ...ask('Say hello.'), schema })
    expect(object).toMatch(/^[AB]$/)
  })

  test('of a schema that JSON Schema cannot express are refused before anything is sent', async () => {
    const call = shared.engine.generateObject({ ...ask('Say hello.'), schema: z.object({ when: z.date() }) })
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('Date'),
    })
  })
})

describe('impossible formats', () => {
  const schema = (value: Record<string, unknown>) => ({ type: 'json_schema' as const, schema: value })

  test.each([
    ['a schema that nothing fits', schema({ type: 'string', minLength: 5, maxLength: 1 })],
    ['a schema of an unknown type', schema({ type: 'nothing' })],
    [
      'a schema that is too large',
      schema({ type: 'string', enum: Array.from({ length: 200_000 }, (_, i) => `${i} ${i}`) }),
    ],
    ['a regular expression', { type: 'regex' as const, pattern: '(' }],
    ['a grammar', { type: 'grammar' as const, grammar: 'start: nothing_here' }],
  ])('%s is refused with its reason, and affects no other call', async (_, responseFormat) => {
    const free = shared.engine.complete(ask(story))
    await expect(shared.engine.complete({ ...ask('Say hello.'), responseFormat })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/(schema|expression|grammar).*: ./s),
    })
    expect((await free).text).toBe(answerTo(story))
    expect((await shared.engine.status()).crashes).toBe(0)
  })

  test('a format together with a required call', async () => {
    const tools = [{ name: 'one' }]
    const call = shared.engine.complete({
      ...ask('Say hello.'),
      tools,
      toolChoice: 'required',
      responseFormat: { type: 'json_object' },
    })
    await expect(call).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})
