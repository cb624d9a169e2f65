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

  test('are an error if the model calls a tool instead', async () => {
    const tool = {
      name: 'get_weather',
      description: 'The weather of a city, now.',
      parameters: z.object({ city: z.string() }),
    }
    const options = { ...ask('What is the weather in Bern?'), schema: person, tools: [tool] }
    await expect(shared.engine.generateObject(options)).rejects.toMatchObject({
      code: 'INVALID_OUTPUT',
      message: 'The model called get_weather instead of returning an object.',
      hint: expect.stringContaining("toolChoice 'none'"),
    })
    const { object } = await shared.engine.generateObject({ ...options, toolChoice: 'none' })
    expect(Object.keys(object)).toEqual(['name', 'age', 'tags'])
  })

  test('of a schema that JSON Schema cannot express are refused before anything is sent', async () => {
    const call = shared.engine.generateObject({ ...ask('Say hello.'), schema: z.object({ when: z.date() }) })
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('Date'),
    })
  })
})

test('a schema that is too large is refused with its reason, and affects no other call', async () => {
  const schema = { type: 'string', enum: Array.from({ length: 200_000 }, (_, i) => `${i} ${i}`) }
  const free = shared.engine.complete(ask(story))
  const call = shared.engine.complete({
    ...ask('Say hello.'),
    responseFormat: { type: 'json_schema', schema },
  })
  await expect(call).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringMatching(/schema.*: ./s),
  })
  expect((await free).text).toBe(answerTo(story))
  expect((await shared.engine.status()).crashes).toBe(0)
})
