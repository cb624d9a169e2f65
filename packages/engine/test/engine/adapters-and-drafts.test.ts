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
})

test('an image in bytes is UNSUPPORTED by the hello model', async () => {
  const content = [{ type: 'image' as const, image: new Uint8Array([137, 80, 78, 71]) }]
  const call = shared.engine.complete({ messages: [{ role: 'user', content }] })
  await expect(call).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})
