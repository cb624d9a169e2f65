import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { GenerateOptions } from '../../src/engine/index.ts'
import { createRemoteEngine } from '../../src/engine/remote/create-remote-engine.ts'
import type { RemoteOptions } from '../../src/engine/remote/options.ts'
import { delta, events, useHttpServer } from './http-server.ts'
import { ask, textOf } from './support.ts'

const server = useHttpServer()

function engineOf(options: Partial<RemoteOptions> = {}) {
  return createRemoteEngine({ baseUrl: server.baseUrl, model: 'big', ...options })
}

/** What a call sends, as an object. */
async function sent(options: GenerateOptions, remote: Partial<RemoteOptions> = {}) {
  server.reply = (response) => events(response, [delta({ content: 'x' }, 'stop'), '[DONE]']).end()
  await engineOf(remote).complete(options)
  const [request] = server.seen
  return { path: request?.path, body: JSON.parse(request?.body ?? '') }
}

function answering(...data: unknown[]) {
  server.reply = (response) => events(response, data).end()
}

describe('the request', () => {
  const plain = { model: 'big', stream: true, stream_options: { include_usage: true } }
  const messages = [{ role: 'user', content: 'Say hello.' }]

  test('contains only what was requested', async () => {
    const { path, body } = await sent(ask('Say hello.'))
    expect(path).toBe('/v1/chat/completions')
    expect(body).toEqual({ ...plain, max_tokens: 1024, messages })
  })

  test('has the settings for what the call leaves out; those of the model win, and the call always', async () => {
    const settings = {
      aliases: { quick: 'big' },
      sampling: { temperature: 0.5, topP: 0.9 },
      templateOptions: { enable_thinking: false, style: 'short' },
      modelSettings: {
        quick: { sampling: { topP: 0.8 }, templateOptions: { style: 'long' } },
        small: { sampling: { topP: 0.1 } },
      },
      server: 'create-mlx-app' as const,
    }
    const first = await sent(ask('Say hello.'), settings)
    expect(first.body).toMatchObject({
      temperature: 0.5,
      top_p: 0.8,
      chat_template_kwargs: { enable_thinking: false, style: 'long' },
    })
    server.seen.length = 0
    const call = { ...ask('Say hello.'), temperature: 0, topP: 1, templateOptions: { style: 'none' } }
    const second = await sent(call, settings)
    expect(second.body).toMatchObject({
      temperature: 0,
      top_p: 1,
      chat_template_kwargs: { enable_thinking: false, style: 'none' },
    })
    server.seen.length = 0
    const { body } = await sent({ prompt: 'Say' }, settings)
    expect(body).toMatchObject({ temperature: 0.5, top_p: 0.8 })
    expect(body).not.toHaveProperty('chat_template_kwargs')
  })

  test('is not sent if the server does not support a setting', async () => {
    const engine = engineOf({ sampling: { topK: 20 } })
    await expect(engine.complete(ask('Say hello.'))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'generate: topK is not supported by an OpenAI-compatible server.',
    })
    expect(server.seen).toEqual([])
  })

  test("has the field names of OpenAI's API", async () => {
    const sampling = { maxTokens: 5, temperature: 1, topP: 0.5, presencePenalty: 1, frequencyPenalty: -1 }
    const others = { logitBias: { 7: -3 }, seed: 9, stop: ['a', 'b'], n: 1, logprobs: 2, caller: 'me' }
    const schema = { type: 'object', properties: {} }
    const responseFormat = { type: 'json_schema' as const, schema }
    const call = { ...ask('Say hello.'), ...sampling, ...others, responseFormat }
    const { body } = await sent(call, { server: 'openai' })
    expect(body).toEqual({
      ...plain,
      messages,
      max_completion_tokens: 5,
      temperature: 1,
      top_p: 0.5,
      presence_penalty: 1,
      frequency_penalty: -1,
      logit_bias: { 7: -3 },
      seed: 9,
      stop: ['a', 'b'],
      logprobs: true,
      top_logprobs: 2,
      user: 'me',
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
    })
  })

  test('has tools, the choice among them, and the results of earlier calls', async () => {
    const toolCalls = [{ id: 'c1', name: 'find', arguments: { word: 'a' } }]
    const { body } = await sent({
      messages: [
        { role: 'user', content: 'Find a.' },
        { role: 'assistant', content: '', toolCalls },
        { role: 'tool', content: 'found', toolCallId: 'c1' },
      ],
      tools: [{ name: 'find', description: 'Finds.', parameters: z.object({ word: z.string() }) }],
      toolChoice: { name: 'find' },
      parallelToolCalls: false,
    })
    expect(body.messages).toEqual([
      { role: 'user', content: 'Find a.' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'find', arguments: '{"word":"a"}' } }],
      },
      { role: 'tool', content: 'found', tool_call_id: 'c1' },
    ])
    const { tools, tool_choice: choice, parallel_tool_calls: parallel } = body
    expect(tools).toMatchObject([{ type: 'function', function: { name: 'find', description: 'Finds.' } }])
    expect(tools[0].function.parameters).toMatchObject({ type: 'object', required: ['word'] })
    expect([choice, parallel]).toEqual([{ type: 'function', function: { name: 'find' } }, false])
  })

  test('has images as data URLs, by the kind of their bytes', async () => {
    const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3])
    const jpeg = 'data:image/png;base64,/9j/4AAQ'
    const content = [png, jpeg].map((image) => ({ type: 'image' as const, image }))
    const { body } = await sent({ messages: [{ role: 'user', content }] })
    expect(body.messages[0].content).toEqual([
      {
        type: 'image_url',
        image_url: { url: `data:image/png;base64,${Buffer.from(png).toString('base64')}` },
      },
      { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,/9j/4AAQ' } },
    ])
  })

  test('has the fields of mlx_lm.server, its fractions with a decimal point', async () => {
    const sampling = { topK: 4, minP: 0.2, xtcProbability: 1, xtcThreshold: 0, repetitionPenalty: 1.1 }
    const more = { repetitionContext: 30, templateOptions: { enable_thinking: false }, stop: ['a'] }
    const models = { adapter: '/lora', draftModel: 'small', draftTokens: 4 }
    const call = { ...ask('Say hello.'), ...sampling, ...more, ...models }
    const { body } = await sent(call, { server: 'mlx-lm' })
    expect(body).toEqual({
      ...plain,
      messages,
      max_tokens: 1024,
      top_k: 4,
      min_p: 0.2,
      xtc_probability: expect.any(Number),
      xtc_threshold: expect.any(Number),
      repetition_penalty: 1.1,
      repetition_context_size: 30,
      chat_template_kwargs: { enable_thinking: false },
      adapters: '/lora',
      draft_model: 'small',
      num_draft_tokens: 4,
    })
    expect(server.seen[0]?.body).toMatch(/"xtc_probability":0\.9+,"xtc_threshold":5e-324/)
    expect(Math.fround(body.xtc_probability)).toBe(1)
    expect(Math.fround(body.xtc_threshold)).toBe(0)
  })

  test('goes to completions for a raw prompt, which have no tools', async () => {
    server.reply = (response) =>
      events(response, [{ choices: [{ index: 0, text: 'on.', finish_reason: 'stop' }] }]).end()
    const engine = engineOf()
    expect((await engine.complete({ prompt: 'Go' })).text).toBe('on.')
    expect(server.seen[0]).toMatchObject({
      path: '/v1/completions',
      body: expect.stringContaining('"prompt":"Go"'),
    })
    const tools = [{ name: 'find' }]
    await expect(engine.complete({ prompt: 'Go', tools })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('tools'),
    })
    expect(server.seen).toHaveLength(1)
  })

  test('has the older name of the limit in completions', async () => {
    server.reply = (response) =>
      events(response, [{ choices: [{ index: 0, text: 'on.', finish_reason: 'stop' }] }]).end()
    await engineOf({ server: 'openai' }).complete({ prompt: 'Go', maxTokens: 5 })
    const body = JSON.parse(server.seen[0]?.body ?? '')
    expect(body).toMatchObject({ max_tokens: 5 })
    expect(body).not.toHaveProperty('max_completion_tokens')
  })

  test.each([
    ['create-mlx-app' as const, { return_progress: true }],
    ['mlx-lm' as const, {}],
  ])('requests the progress of the prompt from %s if necessary', async (server, asked) => {
    const call = { ...ask('Say hello.'), onPromptProgress: () => undefined }
    const { body } = await sent(call, { server })
    expect(body).toEqual({ ...plain, max_tokens: 1024, messages, ...asked })
  })

  test('may be more if the application declares what its server supports', async () => {
    const call = { ...ask('Say hello.'), topK: 4 }
    await expect(engineOf().complete(call)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect((await sent(call, { capabilities: ['topK'] })).body.top_k).toBe(4)
  })

  test('names the model of the call, the engine or an alias; without any, it is an error', async () => {
    const aliases = { fast: 'small' }
    expect((await sent({ ...ask('Say hello.'), model: 'fast' }, { aliases })).body.model).toBe('small')
    const nameless = createRemoteEngine({ baseUrl: server.baseUrl })
    await expect(nameless.complete(ask('Say hello.'))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(server.seen).toHaveLength(1)
  })
})

describe('the answer', () => {
  test('is assembled however the network splits it', async () => {
    const texts = ['Grü', 'ezi ', '👋🏽', '\n\n', 'data: [DONE]']
    server.reply = async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      const pieces = texts.map(
        (content) => `: hold on\r\ndata: ${JSON.stringify(delta({ content }))}\r\n\r\n`,
      )
      const bytes = Buffer.from(
        `${pieces.join('')}data: ${JSON.stringify(delta({}, 'stop'))}\n\ndata: [DONE]\n\n`,
      )
      for (const byte of bytes) {
        await new Promise((resolve) => response.write(Uint8Array.of(byte), resolve))
      }
      response.end()
    }
    expect(await textOf(engineOf().generate(ask('Hi')))).toBe(texts.join(''))
  })

  test('has reasoning, usage and the model, and ignores the rest', async () => {
    const usage = {
      prompt_tokens: 9,
      completion_tokens: 4,
      total_tokens: 13,
      prompt_tokens_details: { cached_tokens: 8, audio_tokens: null },
      completion_tokens_details: { reasoning_tokens: 2 },
    }
    answering(
      {
        model: 'served',
        service_tier: 'x',
        choices: [{ index: 0, delta: { role: 'assistant', content: null } }],
      },
      delta({ reasoning: 'Hm. ', content: null }),
      delta({ reasoning_content: 'So. ', tool_calls: null }),
      delta({ content: 'Yes.' }),
      delta({}, 'stop'),
      { model: 'served', choices: [], usage },
      '[DONE]',
    )
    expect(await engineOf().complete(ask('Hi'))).toMatchObject({
      text: 'Yes.',
      reasoning: 'Hm. So. ',
      finishReason: 'stop',
      model: 'served',
      usage: { promptTokens: 9, cachedTokens: 8, completionTokens: 4, reasoningTokens: 2, draftTokens: 0 },
      timings: { queueMs: 0, ttftMs: expect.any(Number) },
    })
  })

  test('is several sequences, each with its own end', async () => {
    answering(
      delta({ content: 'a' }, null, 1),
      delta({ content: 'b' }, null, 0),
      delta({ content: 'c' }, 'length', 1),
      delta({ content: 'd' }, 'stop', 0),
      '[DONE]',
    )
    const { choices, text } = await engineOf().complete({ ...ask('Hi'), n: 2 })
    expect(text).toBe('bd')
    expect(choices).toMatchObject([
      { text: 'bd', finishReason: 'stop' },
      { text: 'ac', finishReason: 'length' },
    ])
  })

  test.each([
    ['content_filter', { finishReason: 'content_filter' }],
    ['sensitive', { finishReason: 'other', rawFinishReason: 'sensitive' }],
  ])('is complete if the server ends it with %s', async (reason, ending) => {
    answering(delta({ content: 'Yes' }), delta({}, reason), '[DONE]')
    const answer = await engineOf().complete(ask('Hi'))
    expect(answer).toMatchObject({ text: 'Yes', ...ending })
    expect(answer.choices).toMatchObject([ending])
  })

  test('has no raw finish reason if the reason is known', async () => {
    answering(delta({ content: 'Yes.' }, 'eos'), '[DONE]')
    const answer = await engineOf().complete(ask('Hi'))
    expect(answer.finishReason).toBe('stop')
    expect(answer).not.toHaveProperty('rawFinishReason')
  })

  test('is complete without [DONE], once the text has ended', async () => {
    answering(delta({ content: 'Yes.' }, 'stop'))
    expect((await engineOf().complete(ask('Hi'))).text).toBe('Yes.')
  })

  test('has log-probabilities', async () => {
    const top_logprobs = [
      { token: 'Yes', logprob: -0.5, bytes: [89, 101, 115] },
      { token: 'No', logprob: -1, bytes: null },
    ]
    const content = [{ token: 'Yes', logprob: -0.5, bytes: null, top_logprobs }]
    const choice = { index: 0, delta: { content: 'Yes' }, finish_reason: 'stop', logprobs: { content } }
    answering({ choices: [choice] })
    const { logprobs } = await engineOf().complete({ ...ask('Hi'), logprobs: 2 })
    const top = [
      { token: 'Yes', bytes: [89, 101, 115], tokenId: -1, logprob: -0.5 },
      { token: 'No', bytes: [78, 111], tokenId: -1, logprob: -1 },
    ]
    expect(logprobs).toEqual([{ token: 'Yes', bytes: [89, 101, 115], tokenId: -1, logprob: -0.5, top }])
  })

  test('is a value of a zod schema, or an error with the reason', async () => {
    const schema = z.object({ size: z.number() })
    answering(delta({ content: '{"size": 3}' }, 'stop'))
    expect((await engineOf().generateObject({ ...ask('Hi'), schema })).object).toEqual({ size: 3 })
    answering(delta({ content: '{"size": "big"}' }, 'stop'))
    const wrong = engineOf().generateObject({ ...ask('Hi'), schema })
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_OUTPUT' })
    answering(delta({ content: '{"size": 3}' }, 'content_filter'))
    const filtered = engineOf().generateObject({ ...ask('Hi'), schema })
    await expect(filtered).rejects.toMatchObject({
      code: 'INVALID_OUTPUT',
      message: expect.stringContaining('content filter'),
    })
  })
})

describe('the other methods', () => {
  const list = { object: 'list', data: [{ id: 'big', max_model_len: 4096 }, { id: 'small' }] }

  test('loadModel checks that the server has the model', async () => {
    server.reply = (response) => response.end(JSON.stringify(list))
    const engine = engineOf()
    expect(await engine.loadModel()).toMatchObject({ model: 'big', contextTokens: 4096 })
    await expect(engine.loadModel({ model: 'bigger' })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      hint: 'It has: big, small',
    })
    expect((await engine.models()).map(({ model }) => model)).toEqual(['big', 'small'])
    expect(server.seen.map(({ path }) => path)).toEqual(['/v1/models', '/v1/models', '/v1/models'])
  })

  test('embed gives vectors of length 1 in the order of the texts', async () => {
    const data = [
      { index: 1, embedding: [0, 2] },
      { index: 0, embedding: [3, 4] },
    ]
    server.reply = (response) => response.end(JSON.stringify({ data, usage: { prompt_tokens: 5 } }))
    const answer = await engineOf().embed({ inputs: ['a', 'b'] })
    expect(answer.vectors[0]?.[0]).toBeCloseTo(0.6)
    expect(answer).toMatchObject({
      vectors: [{ length: 2 }, [0, 1]],
      usage: { promptTokens: 5 },
      model: 'big',
    })
    const none = engineOf({ server: 'mlx-lm' }).embed({ inputs: ['a'] })
    await expect(none).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(engineOf().embed({ inputs: ['a'] })).rejects.toMatchObject({ code: 'REMOTE_FAILED' })
  })

  test('status needs no request', async () => {
    expect(await engineOf().status()).toMatchObject({ worker: 'remote', active: 0, models: [] })
    expect(server.seen).toEqual([])
  })

  test('unsupported methods fail without a request', async () => {
    const engine = engineOf()
    const calls = [
      engine.unloadModel(),
      engine.countTokens(ask('Hi')),
      engine.tokenise('Hi'),
      engine.detokenise([1]),
      engine.loadModel({ pinned: true }),
      engine.loadModel({ revision: 'main' }),
      engine.loadModel({ adapter: '/lora' }),
      engine.downloadModel({ model: 'owner/name' }),
      engine.verifyModel({ model: 'owner/name' }),
      engine.removeModel('owner/name'),
      engine.cleanModels(),
      engine.describeModel({ model: 'owner/name' }),
    ]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(server.seen).toEqual([])
  })
})

describe('an option that the server does not support', () => {
  const tools = [{ name: 'find' }]
  test.each<['openai' | 'mlx-lm', string, Partial<GenerateOptions>]>([
    ['openai', 'topK', { topK: 1 }],
    ['openai', 'minP', { minP: 0.1 }],
    ['openai', 'xtcProbability', { xtcProbability: 0.1 }],
    ['openai', 'xtcThreshold', { xtcThreshold: 0.2 }],
    ['openai', 'repetitionPenalty', { repetitionPenalty: 1.1 }],
    ['openai', 'repetitionContext', { repetitionContext: 30 }],
    ['openai', 'presenceContext', { presenceContext: 30 }],
    ['openai', 'frequencyContext', { frequencyContext: 30 }],
    ['openai', 'reasoningTokens', { reasoningTokens: 5 }],
    ['openai', 'templateOptions', { templateOptions: { enable_thinking: false } }],
    ['openai', 'truncation', { truncation: 'middle' }],
    ['openai', 'priority', { priority: 'batch' }],
    ['openai', 'promptCache', { promptCache: false }],
    ['openai', 'cacheFile', { cacheFile: '/cache' }],
    ['openai', 'adapter', { adapter: '/lora' }],
    ['openai', 'draftModel', { draftModel: 'small' }],
    ['openai', 'draftTokens', { draftTokens: 4 }],
    ['openai', 'kvBits', { kvBits: 8 }],
    ['openai', 'kvGroupSize', { kvGroupSize: 32 }],
    ['openai', 'onPromptProgress', { onPromptProgress: () => undefined }],
    ['openai', 'regex', { responseFormat: { type: 'regex', pattern: 'a' } }],
    ['openai', 'grammar', { responseFormat: { type: 'grammar', grammar: 'start: "a"' } }],
    ['mlx-lm', 'n is', { n: 2 }],
    ['mlx-lm', 'logprobs', { logprobs: 0 }],
    ['mlx-lm', 'json_object', { responseFormat: { type: 'json_object' } }],
    ['mlx-lm', 'json_schema', { responseFormat: { type: 'json_schema', schema: {} } }],
    ['mlx-lm', 'toolChoice', { tools, toolChoice: 'required' }],
    ['mlx-lm', 'toolChoice', { tools, toolChoice: 'none' }],
    ['mlx-lm', 'parallelToolCalls', { tools, parallelToolCalls: false }],
    ['mlx-lm', 'caller', { caller: 'me' }],
  ])('%s: %s is named, and nothing is sent', async (kind, option, options) => {
    const call = engineOf({ server: kind }).complete({ ...ask('Hi'), ...options })
    await expect(call).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(option),
    })
    expect(server.seen).toEqual([])
  })

  test('may have its default value', async () => {
    const neutral = { topK: 0, minP: 0, xtcProbability: 0, repetitionPenalty: 1, n: 1, promptCache: true }
    const body = (await sent({ ...ask('Hi'), ...neutral, priority: 'normal', truncation: 'none' })).body
    expect(Object.keys(body).sort()).toEqual(Object.keys((await sent(ask('Hi'))).body).sort())
  })
})

describe('the address and the key', () => {
  test.each([
    ['no address', { baseUrl: 'somewhere' }],
    ['another protocol', { baseUrl: 'ftp://somewhere/v1' }],
    ['a password in the address', { baseUrl: 'http://me:secret@somewhere/v1' }],
    ['a line break in the key', { baseUrl: 'http://somewhere', apiKey: 'secret\n' }],
    ['an unknown option', { baseUrl: 'http://somewhere', key: 'secret' }],
  ])('%s is refused, and no secret is shown', (_, options) => {
    let caught: unknown
    try {
      createRemoteEngine(options)
    } catch (error) {
      caught = error
    }
    expect(caught).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(String(caught)).not.toContain('secret')
  })

  test('an address without a path gets /v1, and the key goes along', async () => {
    await sent(ask('Hi'), { baseUrl: server.origin, apiKey: 'secret' })
    expect(server.seen[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer secret' },
    })
  })
})
