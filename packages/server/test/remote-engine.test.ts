import { createEngine } from 'mlx-app'
import { describe, expect, test } from 'vitest'
import { type Capability, servers } from '../../engine/src/engine/remote/servers.ts'
import { portableCases } from '../../engine/test/engine/portable-cases.ts'
import { answerTo, ask, story, useFolder } from '../../engine/test/engine/support.ts'
import { useServer } from './support.ts'

const shared = useServer()
const folder = useFolder()
const server = 'create-mlx-app'
const has: readonly Capability[] = servers[server].capabilities
const possible = portableCases.filter(({ needs }) => needs.every((capability) => has.includes(capability)))

const engineOf = () => createEngine({ baseUrl: shared.server.url, server, model: 'hello' })

describe('an engine that uses this server behaves like the engine behind it', () => {
  for (const { name, run } of possible) {
    test(name, async () => {
      await using engine = await engineOf()
      await run({ engine, folder: folder.path })
    })
  }

  test('continues a raw prompt up to a token limit', async () => {
    await using engine = await engineOf()
    const answer = await engine.complete({ prompt: 'Once upon a time', maxTokens: 3 })
    expect(answer).toMatchObject({ finishReason: 'length', usage: { completionTokens: 3 } })
  })

  test('reports usage and cached tokens', async () => {
    await using engine = await engineOf()
    const first = await engine.complete(ask(story))
    const again = await engine.complete(ask(story))
    expect(again).toMatchObject({ text: answerTo(story), model: 'hello' })
    expect(again.usage.promptTokens).toBe(first.usage.promptTokens)
    expect(again.usage.cachedTokens).toBeGreaterThan(0)
  })

  test('reports that the model does not support embeddings', async () => {
    await using engine = await engineOf()
    await expect(engine.embed({ inputs: ['Say hello.'] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('hello'),
    })
  })

  test('reports that a prompt is too long', async () => {
    await using engine = await engineOf()
    await expect(engine.complete(ask('word '.repeat(40_000)))).rejects.toMatchObject({
      code: 'CONTEXT_LENGTH_EXCEEDED',
    })
  })
})
