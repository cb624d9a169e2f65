import { APIUserAbortError } from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, ask, story, until } from '../../../engine/test/engine/support.ts'
import { useServer } from '../support.ts'
import { weather } from '../weather.ts'
import { failureOf, openaiClient } from './openai-client.ts'

const shared = useServer()
const client = () => openaiClient(shared.server.url)
const model = 'hello'

describe('chat.completions.create', () => {
  test('answers word for word, with usage', async () => {
    const answer = await client().chat.completions.create({ model, ...ask('Say hello.') })
    expect(answer).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'hello',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: answerTo('Say hello.'), refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        },
      ],
    })
    const { prompt_tokens: prompt = 0, completion_tokens: completion = 0, total_tokens } = answer.usage ?? {}
    expect(prompt).toBeGreaterThan(5)
    expect(completion).toBeGreaterThan(5)
    expect(total_tokens).toBe(prompt + completion)
    expect(Math.abs(answer.created - Date.now() / 1000)).toBeLessThan(60)
  })

  test('streams the same, with usage at the end if requested', async () => {
    const stream = await client().chat.completions.create({
      model,
      ...ask(story),
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('')).toBe(answerTo(story))
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
    expect(chunks.flatMap(({ choices: [choice] }) => choice?.finish_reason ?? [])).toEqual(['stop'])
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    const last = chunks.at(-1)
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: expect.any(Number) } })
    expect(last?.usage?.completion_tokens).toBeGreaterThan(200)
    for (const { usage } of chunks.slice(0, -1)) expect(usage ?? null).toBeNull()
  })

  test('streams through the helper, which returns the complete answer', async () => {
    const stream = client().chat.completions.stream({ model, ...ask('Count to ten.') })
    let text = ''
    stream.on('content', (delta) => {
      text += delta
    })
    expect(await stream.finalContent()).toBe(answerTo('Count to ten.'))
    expect(text).toBe(answerTo('Count to ten.'))
  })

  test('returns n answers, each with its index', async () => {
    const answer = await client().chat.completions.create({ model, ...ask('Say hello.'), n: 3 })
    expect(answer.choices.map(({ index, message }) => [index, message.content])).toEqual(
      [0, 1, 2].map((index) => [index, answerTo('Say hello.')]),
    )
    const stream = await client().chat.completions.create({ model, ...ask('Say hello.'), n: 2, stream: true })
    const texts = ['', '']
    for await (const { choices } of stream) {
      for (const { index, delta } of choices) texts[index] += delta.content ?? ''
    }
    expect(texts).toEqual([answerTo('Say hello.'), answerTo('Say hello.')])
  })

  test('returns the log probability of each token and its alternatives', async () => {
    const { choices } = await client().chat.completions.create({
      model,
      ...ask('Say hello.'),
      logprobs: true,
      top_logprobs: 2,
    })
    const content = choices[0]?.logprobs?.content ?? []
    // The token that ends the answer is told as well.
    expect(content.map(({ token }) => token).join('')).toBe(`${answerTo('Say hello.')}<|im_end|>`)
    expect(Buffer.from(content.flatMap(({ bytes }) => bytes ?? [])).toString()).toBe(answerTo('Say hello.'))
    for (const { token, bytes, logprob, top_logprobs: top } of content) {
      expect(logprob).toBeLessThanOrEqual(0)
      expect(top[0]).toMatchObject({ token, bytes, logprob })
      expect(top).toHaveLength(2)
    }
  })

  test('returns the same text for the same seed, and others for other seeds', async () => {
    const texts = []
    for (const seed of [7, 7, 8, 9]) {
      const { choices } = await client().chat.completions.create({
        model,
        ...ask(story),
        seed,
        temperature: 2,
        max_tokens: 40,
      })
      texts.push(choices[0]?.message.content)
    }
    expect(texts[1]).toBe(texts[0])
    expect(new Set(texts).size).toBeGreaterThan(1)
  })

  test('ends before a stop string, and at the limit of tokens', async () => {
    const stopped = await client().chat.completions.create({
      model,
      ...ask('Count to ten.'),
      stop: [' four'],
    })
    expect(stopped.choices[0]).toMatchObject({
      message: { content: 'one two three' },
      finish_reason: 'stop',
    })
    const cut = await client().chat.completions.create({ model, ...ask(story), max_completion_tokens: 7 })
    expect(cut.choices[0]?.finish_reason).toBe('length')
    expect(cut.usage?.completion_tokens).toBe(7)
    expect(answerTo(story).startsWith(cut.choices[0]?.message.content ?? 'none')).toBe(true)
  })

  test('ends the generation in the engine when its controller aborts', async () => {
    const engine = shared.server.services.engineService.engine
    const stream = await client().chat.completions.create({
      model,
      ...ask(story),
      stream: true,
      // Without its end the story goes on until it is stopped.
      logit_bias: { 2: -100 },
      max_tokens: 4000,
    })
    for await (const { choices } of stream) {
      if ((choices[0]?.delta.content ?? '') !== '') break
    }
    stream.controller.abort()
    await until(async () => (await engine.status()).active === 0)
    const controller = new AbortController()
    const call = client().chat.completions.create(
      { model, ...ask(story), logit_bias: { 2: -100 }, max_tokens: 4000 },
      { signal: controller.signal },
    )
    const failed = failureOf(call)
    await until(async () => (await engine.status()).active === 1)
    controller.abort()
    expect(await failed).toBeInstanceOf(APIUserAbortError)
    await until(async () => (await engine.status()).active === 0)
  })
})

describe('tools', () => {
  const called: unknown[] = []
  const tool = zodFunction({
    name: weather.name,
    description: weather.description,
    parameters: weather.schema,
    function: (given) => {
      called.push(given)
      return weather.result
    },
  })

  test('runTools calls the function and returns the answer', async () => {
    called.length = 0
    const runner = client().chat.completions.runTools({
      model,
      messages: [{ role: 'user', content: weather.question }],
      tools: [tool],
    })
    expect(await runner.finalContent()).toBe(weather.answer)
    expect(called).toEqual([{ city: 'Bern' }])
  })

  test('runTools works streamed too', async () => {
    called.length = 0
    const runner = client().chat.completions.runTools({
      model,
      messages: [{ role: 'user', content: weather.question }],
      tools: [tool],
      stream: true,
    })
    expect(await runner.finalContent()).toBe(weather.answer)
    expect(called).toEqual([{ city: 'Bern' }])
    expect(runner.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
  })

  test('a call has its finish reason, and arguments that are JSON', async () => {
    const { choices } = await client().chat.completions.create({
      model,
      messages: [{ role: 'user', content: weather.question }],
      tools: [
        {
          type: 'function',
          function: { name: weather.name, description: weather.description, parameters: weather.parameters },
        },
      ],
      tool_choice: 'required',
    })
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: null,
        tool_calls: [
          {
            id: expect.stringMatching(/./),
            type: 'function',
            function: { name: 'get_weather', arguments: '{"city":"Bern"}' },
          },
        ],
      },
    })
  })
})

test('chat.completions.parse returns a value of the zod schema', async () => {
  const schema = z.object({ model: z.string().max(20), layers: z.int().max(9), tiny: z.boolean() })
  const { choices } = await client().chat.completions.parse({
    model,
    ...ask('Write JSON.'),
    response_format: zodResponseFormat(schema, 'description'),
  })
  expect(choices[0]?.message.parsed).toEqual({ model: 'hello', layers: 2, tiny: true })
})

test('completions.create continues a prompt', async () => {
  const prompt = '<|im_start|>user\nSay hello.<|im_end|>\n<|im_start|>assistant\n'
  const { choices, object } = await client().completions.create({ model, prompt })
  expect(object).toBe('text_completion')
  expect(choices).toMatchObject([{ index: 0, text: answerTo('Say hello.'), finish_reason: 'stop' }])
  let text = ''
  const stream = await client().completions.create({ model, prompt, stream: true })
  for await (const { choices } of stream) text += choices[0]?.text ?? ''
  expect(text).toBe(answerTo('Say hello.'))
})

test('models.list and models.retrieve return the models', async () => {
  const models = []
  for await (const entry of client().models.list()) models.push(entry)
  expect(models[0]).toMatchObject({ id: 'hello', object: 'model', created: expect.any(Number) })
  expect(await client().models.retrieve('hello')).toMatchObject({ id: 'hello', object: 'model' })
})
