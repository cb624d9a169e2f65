/** A real model in the engine and the server. Its answers are short, because a CPU decodes some tokens per second. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createEngine, type Engine } from '../../packages/engine/src/engine/index.ts'
import { makeProject, useFolder } from '../../packages/engine/test/engine/support.ts'
import { openServer, type TestServer } from '../../packages/server/test/support.ts'

const folder = useFolder()
const project = makeProject(join(folder.path, 'project'))
const sizes = [
  ['4 bits', process.env.SMOLLM_4BIT ?? ''],
  ['16 bits', process.env.SMOLLM_16BIT ?? ''],
] as const
const capital = { messages: [{ role: 'user' as const, content: 'What is the capital of France?' }] }
const paris = 'The capital of France is Paris.'

describe.each(sizes)('SmolLM2 with %s', (_, model) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await createEngine({ project, device: 'cpu' })
    await engine.loadModel({ model })
  })
  afterAll(() => engine.dispose())

  test('answers a question', async () => {
    const { text, finishReason } = await engine.complete({ ...capital, model, temperature: 0 })
    expect([text, finishReason]).toEqual([paris, 'stop'])
  })

  test('continues a text: both join', async () => {
    const prompt = 'The capital of France is'
    const { text } = await engine.complete({ prompt, model, maxTokens: 2, temperature: 0 })
    expect(prompt + text).toBe('The capital of France is Paris.')
  })

  test('writes JSON of a schema', async () => {
    const schema = z.object({ city: z.string().max(20), million: z.number().int().min(0).max(99) })
    const messages = [{ role: 'user' as const, content: 'Paris as JSON with city and million inhabitants.' }]
    const { object } = await engine.generateObject({ messages, model, schema, maxTokens: 40 })
    expect(schema.parse(object)).toEqual(object)
  })

  test('answers a second turn from the prompt cache, with the text of a cold run', async () => {
    const first = await engine.complete({ ...capital, model, temperature: 0 })
    const messages = [
      ...capital.messages,
      { role: 'assistant' as const, content: first.text },
      { role: 'user' as const, content: 'And of Italy?' },
    ]
    const call = { messages, model, maxTokens: 6, temperature: 0 }
    const warm = await engine.complete(call)
    const cold = await engine.complete({ ...call, promptCache: false })
    expect(warm.text).toBe(cold.text)
    expect(warm.usage.cachedTokens).toBeGreaterThanOrEqual(first.usage.promptTokens - 1)
    expect(cold.usage.cachedTokens).toBe(0)
  })

  test('answers 16 calls at once as alone', async () => {
    const words = 'sun moon star tree bird fish lake hill rain snow wind fire gold iron salt milk'.split(' ')
    const calls = words.map((word) => ({
      messages: [{ role: 'user' as const, content: word }],
      model,
      maxTokens: 4,
      promptCache: false,
      temperature: 0,
    }))
    const together = await Promise.all(calls.map((call) => engine.complete(call)))
    const alone: string[] = []
    for (const call of calls) alone.push((await engine.complete(call)).text)
    expect(together.map(({ text }) => text)).toEqual(alone)
  })

  test('reads a long prompt, with the same text from the cache', async () => {
    const facts = Array.from({ length: 20 }, (_, index) => `Box ${index} is ${index % 2 ? 'red' : 'blue'}.`)
    const content = `${facts.join(' ')} The key is in the garden. Where is the key?`
    const seen: number[] = []
    const call = { messages: [{ role: 'user' as const, content }], model, maxTokens: 8, temperature: 0 }
    const cold = await engine.complete({
      ...call,
      onPromptProgress: ({ processedTokens }) => seen.push(processedTokens),
    })
    expect(cold.text).toContain('garden')
    expect(cold.usage.promptTokens).toBeGreaterThan(150)
    expect(seen.at(-1)).toBe(cold.usage.promptTokens)
    const warm = await engine.complete(call)
    expect(warm.text).toBe(cold.text)
    expect(warm.usage.cachedTokens).toBeGreaterThan(150)
  })

  test('refuses a prompt that is longer than its context', async () => {
    const prompt = 'word '.repeat(10_000)
    await expect(engine.complete({ prompt, model })).rejects.toMatchObject({
      code: 'CONTEXT_LENGTH_EXCEEDED',
    })
  })

  test('has no tools, which the error explains', async () => {
    const tools = [{ name: 'get_weather', parameters: z.object({ city: z.string() }) }]
    await expect(engine.complete({ ...capital, model, tools })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('Use a model that was trained for tools'),
    })
  })
})

/** Returns a folder with links to the files of the model, and a chat template that has tools. */
function withTools(model: string): string {
  const path = join(folder.path, 'with-tools')
  mkdirSync(path)
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    symlinkSync(join(model, name), join(path, name))
  }
  const config = z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(readFileSync(join(model, 'tokenizer_config.json'), 'utf8')))
  const hello = new URL('../../packages/engine/python/src/mlx_app/hello/chat_template.jinja', import.meta.url)
  writeFileSync(
    join(path, 'tokenizer_config.json'),
    JSON.stringify({ ...config, chat_template: readFileSync(hello, 'utf8') }),
  )
  return path
}

describe('a server with SmolLM2 at a path', () => {
  let server: TestServer
  beforeAll(async () => {
    const model = withTools(sizes[0][1])
    writeFileSync(join(project, 'mlx.config.json'), JSON.stringify({ model }))
    server = await openServer({}, { project })
  })
  afterAll(() => server.cut())

  const parameters = {
    type: 'object',
    properties: { city: { type: 'string', maxLength: 12 } },
    required: ['city'],
    additionalProperties: false,
  }
  const tools = ['get_weather', 'get_time'].map((name) => ({
    type: 'function',
    function: { name, description: 'Of a city, now.', parameters },
  }))
  const answerSchema = z.object({
    model: z.string(),
    choices: z.tuple([
      z.object({
        finish_reason: z.string(),
        message: z.object({
          tool_calls: z.array(z.object({ function: z.object({ name: z.string(), arguments: z.string() }) })),
        }),
      }),
    ]),
  })

  test.each([
    ['required', 'required'],
    ['named', { type: 'function', function: { name: 'get_time' } }],
  ])('calls tools with valid arguments, none of them twice: tool_choice is %s', async (kind, choice) => {
    const response = await server.post('/v1/chat/completions', {
      model: 'with-tools',
      messages: [{ role: 'user', content: 'What is the weather in Bern?' }],
      tools,
      tool_choice: choice,
      temperature: 0,
      max_tokens: 90,
    })
    const { model, choices } = answerSchema.parse(await response.json())
    const calls = choices[0].message.tool_calls.map((call) => call.function)
    expect([model, choices[0].finish_reason]).toEqual(['with-tools', 'tool_calls'])
    for (const call of calls) {
      expect(z.strictObject({ city: z.string().max(12) }).parse(JSON.parse(call.arguments))).toBeTruthy()
    }
    expect(new Set(calls.map((call) => JSON.stringify(call))).size).toBe(calls.length)
    if (kind === 'named') expect(calls.map(({ name }) => name)).toEqual(['get_time'])
  })

  test('streams a text that joins its prompt', async () => {
    const response = await server.post('/v1/completions', {
      prompt: 'The capital of France is',
      max_tokens: 2,
      temperature: 0,
      stream: true,
    })
    const pieces = [...(await response.text()).matchAll(/"text":"([^"]*)"/g)].map(([, text]) => text)
    expect(pieces.join('')).toBe(' Paris.')
  })
})
