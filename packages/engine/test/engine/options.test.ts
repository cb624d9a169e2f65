import { describe, expect, test } from 'vitest'
import { checkGenerate } from '../../src/engine/check-options.ts'
import {
  createEngine,
  EngineError,
  type EngineOptions,
  type GenerateOptions,
} from '../../src/engine/index.ts'
import { answerTo, ask, useEngine } from './support.ts'

const shared = useEngine()

describe('options that are refused before anything is sent', () => {
  // The first ones end mlx_lm.server 0.32.2 for everyone.
  const wrong: [string, object][] = [
    ['stop', { prompt: 'a', stop: 5 }],
    ['stop', { prompt: 'a', stop: [null] }],
    ['stop', { prompt: 'a', stop: '' }],
    ['stop', { prompt: 'a', stop: Array.from({ length: 65 }, () => 'x') }],
    ['prompt', { prompt: '' }],
    ['prompt', { prompt: ['a', 'b'] }],
    ['Give either prompt or messages', {}],
    ['Give either prompt or messages', { prompt: 'a', ...ask('b') }],
    ['messages', { messages: [] }],
    ['role', { messages: [{ role: 'robot', content: 'a' }] }],
    ['content', { messages: [{ role: 'user', content: 5 }] }],
    ['maxTokens', { prompt: 'a', maxTokens: 0 }],
    ['maxTokens', { prompt: 'a', maxTokens: 1.5 }],
    ['maxTokens', { prompt: 'a', maxTokens: 1e9 }],
    ['temperature', { prompt: 'a', temperature: -1 }],
    ['temperature', { prompt: 'a', temperature: Number.NaN }],
    ['temperature', { prompt: 'a', temperature: Number.POSITIVE_INFINITY }],
    ['topP', { prompt: 'a', topP: 0 }],
    ['topP', { prompt: 'a', topP: 1.1 }],
    ['topK', { prompt: 'a', topK: -1 }],
    ['topK', { prompt: 'a', topK: 2 ** 70 }],
    ['minP', { prompt: 'a', minP: 2 }],
    ['logitBias', { prompt: 'a', logitBias: { [2 ** 70]: 1 } }],
    ['logitBias', { prompt: 'a', logitBias: { 1: 1000 } }],
    ['logitBias', { prompt: 'a', logitBias: { hello: 1 } }],
    ['repetitionPenalty', { prompt: 'a', repetitionPenalty: 0 }],
    ['presencePenalty', { prompt: 'a', presencePenalty: 3 }],
    ['frequencyContext', { prompt: 'a', frequencyContext: 0 }],
    ['xtcThreshold', { prompt: 'a', xtcThreshold: 0.6 }],
    ['seed', { prompt: 'a', seed: -1 }],
    ['seed', { prompt: 'a', seed: 2 ** 32 }],
    ['model', { prompt: 'a', model: '' }],
    ['n', { prompt: 'a', n: 0 }],
    ['n', { prompt: 'a', n: 33 }],
    ['logprobs', { prompt: 'a', logprobs: 21 }],
    ['logprobs', { prompt: 'a', logprobs: true }],
    ['responseFormat', { prompt: 'a', responseFormat: { type: 'yaml' } }],
    ['responseFormat', { prompt: 'a', responseFormat: { type: 'json_schema' } }],
    ['responseFormat', { prompt: 'a', responseFormat: { type: 'regex', pattern: '' } }],
    ['tools', { prompt: 'a', tools: [{ name: 'a b' }] }],
    ['tools', { prompt: 'a', tools: Array.from({ length: 129 }, (_, index) => ({ name: `t${index}` })) }],
    ['toolChoice', { prompt: 'a', tools: [{ name: 'one' }], toolChoice: 'maybe' }],
    ['reasoningTokens', { prompt: 'a', reasoningTokens: -1 }],
    ['templateOptions', { prompt: 'a', templateOptions: [] }],
    ['truncation', { prompt: 'a', truncation: 'left' }],
    ['priority', { prompt: 'a', priority: 1 }],
    ['caller', { prompt: 'a', caller: 'x'.repeat(257) }],
    ['deadlineMs', { prompt: 'a', deadlineMs: 0 }],
    ['promptCache', { prompt: 'a', promptCache: 'yes' }],
    ['cacheFile', { prompt: 'a', cacheFile: '' }],
    ['draftTokens', { prompt: 'a', draftTokens: 0 }],
    ['kvBits', { prompt: 'a', kvBits: 16 }],
    ['kvBits', { prompt: 'a', kvBits: 7 }],
    ['kvGroupSize', { prompt: 'a', kvGroupSize: 16 }],
    ['kvGroupSize', { prompt: 'a', kvGroupSize: 48 }],
    ['combined', { prompt: 'a', kvBits: 8, draftModel: 'hello' }],
    ['combined', { prompt: 'a', cacheFile: 'a.safetensors', draftModel: 'hello' }],
    ['onPromptProgress', { prompt: 'a', onPromptProgress: true }],
    ['toolCalls', { messages: [{ role: 'user', content: 'a', toolCalls: [] }] }],
    ['content[0].image', { messages: [{ role: 'user', content: [{ type: 'image' }] }] }],
    ['maxToken', { prompt: 'a', maxToken: 5 }],
    ['signal', { prompt: 'a', signal: 'stop' }],
  ]

  test.each(wrong)('%s: %o', async (name, options) => {
    const { steps } = await shared.engine.status()
    // What TypeScript forbids, JavaScript may still pass.
    const error = await shared.engine.complete(options as GenerateOptions).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'EngineError', code: 'INVALID_REQUEST' })
    expect(error).toHaveProperty('message', expect.stringContaining(name))
    expect((await shared.engine.status()).steps).toBe(steps)
  })

  test('by loadModel and createEngine too', async () => {
    const load = shared.engine.loadModel({ modell: 'hello' } as object)
    await expect(load).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const create = createEngine({ device: 'tpu' } as unknown as EngineOptions)
    await expect(create).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

test('an error is thrown exactly once, from the iteration', async () => {
  const iterator = shared.engine.generate({ prompt: '' })[Symbol.asyncIterator]()
  await expect(iterator.next()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('the defaults are those of the documentation', () => {
  expect(checkGenerate({ prompt: 'a' })).toEqual({
    prompt: 'a',
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    templateOptions: {},
    responseFormat: { type: 'text' },
    n: 1,
    truncation: 'none',
    priority: 'normal',
    caller: '',
    promptCache: true,
    draftTokens: 3,
    kvGroupSize: 64,
    maxTokens: 1024,
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    xtcProbability: 0,
    xtcThreshold: 0.1,
    repetitionPenalty: 1,
    repetitionContext: 20,
    presencePenalty: 0,
    presenceContext: 20,
    frequencyPenalty: 0,
    frequencyContext: 20,
    logitBias: {},
    stop: [],
  })
})

test('the limits themselves are allowed', async () => {
  const options = { temperature: 2, topP: 1, topK: 1, minP: 1, seed: 2 ** 32 - 1, maxTokens: 1_048_576 }
  expect((await shared.engine.complete({ ...ask('Say hello.'), ...options })).text).toBe(
    answerTo('Say hello.'),
  )
})

test('an EngineError is known by its name across copies of the module, and describes itself with its hint', () => {
  const error = new EngineError('SETUP_NEEDED', 'Not set up.', { hint: 'Run: npm run setup' })
  expect(EngineError.isInstance(error)).toBe(true)
  expect(EngineError.isInstance(new Error('SETUP_NEEDED'))).toBe(false)
  expect(error.describe()).toBe('Not set up.\nRun: npm run setup')
})
