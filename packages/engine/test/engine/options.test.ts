import { expect, test } from 'vitest'
import { checkGenerate } from '../../src/engine/check-options.ts'
import {
  createEngine,
  EngineError,
  type EngineOptions,
  type GenerateOptions,
} from '../../src/engine/index.ts'
import { useEngine } from './support.ts'

const shared = useEngine()

test('a signal that is none is refused', async () => {
  // What TypeScript forbids, JavaScript may still pass.
  const call = shared.engine.complete({ prompt: 'a', signal: 'stop' } as unknown as GenerateOptions)
  await expect(call).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('signal'),
  })
})

test('loadModel and createEngine refuse wrong options too', async () => {
  const load = shared.engine.loadModel({ modell: 'hello' } as object)
  await expect(load).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  const create = createEngine({ device: 'tpu' } as unknown as EngineOptions)
  await expect(create).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('an error is thrown exactly once, from the iteration', async () => {
  const iterator = shared.engine.generate({ prompt: '' })[Symbol.asyncIterator]()
  await expect(iterator.next()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('the defaults are those of the documentation, and sampling is left to the model', () => {
  expect(checkGenerate({ prompt: 'a' })).toEqual({
    prompt: 'a',
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    templateOptions: {},
    volatileLines: 'keep',
    responseFormat: { type: 'text' },
    n: 1,
    truncation: 'none',
    priority: 'normal',
    caller: '',
    promptCache: true,
    draftTokens: 3,
    kvGroupSize: 64,
    maxTokens: 1024,
    logitBias: {},
    stop: [],
  })
})

test('an EngineError is known by its name across copies of the module, and describes itself with its hint', () => {
  const error = new EngineError('SETUP_NEEDED', 'Not set up.', { hint: 'Run: npm run setup' })
  expect(EngineError.isInstance(error)).toBe(true)
  expect(EngineError.isInstance(new Error('SETUP_NEEDED'))).toBe(false)
  expect(error.describe()).toBe('Not set up.\nRun: npm run setup')
})
