import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'
import { answerTo, ask, helloDirectory, story, useEngine, useFolder } from './support.ts'

const shared = useEngine()
const folder = useFolder()
const hello = 'Say hello.'

describe('a draft model', () => {
  const draft = join(folder.path, 'draft')
  beforeAll(() => cpSync(helloDirectory, draft, { recursive: true }))

  test('gives the same text, much of it proposed, next to other streams', async () => {
    const beside = [1, 2, 3].map(() => shared.engine.complete(ask(story)))
    const { text, usage } = await shared.engine.complete({ ...ask(story), draftModel: draft })
    expect(text).toBe(answerTo(story))
    expect(usage.draftTokens).toBeGreaterThan(usage.completionTokens / 2)
    for (const { text: other } of await Promise.all(beside)) expect(other).toBe(answerTo(story))
  })

  test('that does not exist is an error of this call only', async () => {
    await expect(shared.engine.complete({ ...ask(hello), draftModel: 'nobody' })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('nobody'),
    })
  })

  test('keeps answers to a schema', async () => {
    const responseFormat = { type: 'regex' as const, pattern: '[a-f]{8}' }
    const { text } = await shared.engine.complete({ ...ask(story), draftModel: draft, responseFormat })
    expect(text).toMatch(/^[a-f]{8}$/)
  })
})

describe('a quantised KV cache', () => {
  test('of 8 bits gives the same answer, next to the batch', async () => {
    const beside = shared.engine.complete(ask(story))
    const { text } = await shared.engine.complete({ ...ask(story), kvBits: 8, kvGroupSize: 32 })
    expect(text).toBe(answerTo(story))
    expect((await beside).text).toBe(answerTo(story))
  })

  test('of a size that does not fit the model is refused with the ones that do', async () => {
    await expect(shared.engine.complete({ ...ask(hello), kvBits: 8 })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      hint: expect.stringContaining('32'),
    })
  })
})

describe('an adapter', () => {
  const adapter = join(folder.path, 'adapter')
  const taught = 'Hello from an adapter.'

  beforeAll(() => {
    const project = findProject(import.meta.dirname)
    const data = join(folder.path, 'data')
    mkdirSync(data)
    const line = JSON.stringify({
      messages: [...ask(hello).messages, { role: 'assistant', content: taught }],
    })
    for (const part of ['train', 'valid']) writeFileSync(join(data, `${part}.jsonl`), `${line}\n`.repeat(4))
    const { python } = findInterpreter(project)
    const options = [
      '--num-layers',
      '-1',
      '--iters',
      '120',
      '--learning-rate',
      '1e-3',
      '--mask-prompt',
      '--batch-size',
      '4',
    ]
    const quiet = ['--steps-per-eval', '1000', '--val-batches', '1', '--save-every', '1000']
    execFileSync(
      python,
      // biome-ignore format: one option a place
      ['-m', 'mlx_lm', 'lora', '--train', '--model', helloDirectory, '--data', data, '--adapter-path', adapter, ...options, ...quiet],
      { env: { ...process.env, MLX_DISABLE_COMPILE: '1' }, stdio: 'pipe' },
    )
  })

  test('changes the answers of its model, and of no other', async () => {
    const loaded = await shared.engine.loadModel({ model: 'hello', adapter })
    expect(loaded).toMatchObject({ model: 'hello', adapter })
    const [tuned, plain] = await Promise.all([
      shared.engine.complete({ ...ask(hello), adapter }),
      shared.engine.complete(ask(hello)),
    ])
    expect(tuned.text).toBe(taught)
    expect(plain.text).toBe(answerTo(hello))
    expect((await shared.engine.status()).models).toHaveLength(2 + 1)
  })

  test('that does not exist is an error', async () => {
    const call = shared.engine.complete({ ...ask(hello), adapter: join(folder.path, 'nothing') })
    await expect(call).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  })
})

describe('what the hello model does not support', () => {
  test('images', async () => {
    const content = [{ type: 'image' as const, image: new Uint8Array([137, 80, 78, 71]) }]
    const call = shared.engine.complete({ messages: [{ role: 'user', content }] })
    await expect(call).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/see|image/),
    })
  })

  test('an image that is a URL, or missing, is refused before anything is sent', async () => {
    for (const image of ['http://127.0.0.1:1/cat.png', join(folder.path, 'no.png')]) {
      const content = [{ type: 'image' as const, image }]
      const call = shared.engine.complete({ messages: [{ role: 'user', content }] })
      await expect(call).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
  })

  test('embeddings', async () => {
    await expect(shared.engine.embed({ inputs: ['a text'] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('embeddings'),
    })
  })

  test('thinking', async () => {
    const answer = await shared.engine.complete({ ...ask(hello), reasoningTokens: 3 })
    expect(answer).toMatchObject({ text: answerTo(hello), reasoning: '', usage: { reasoningTokens: 0 } })
  })
})
