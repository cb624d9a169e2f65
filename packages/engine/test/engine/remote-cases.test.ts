import { describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/index.ts'
import { type Capability, type ServerName, servers } from '../../src/engine/remote/servers.ts'
import { useHttpServer } from './http-server.ts'
import { useMlxLmServer } from './mlx-lm-server.ts'
import { portableCases } from './portable-cases.ts'
import { answerTo, ask, helloDirectory, story, useFolder } from './support.ts'

const folder = useFolder()
const recorder = useHttpServer()

function split(server: ServerName) {
  const has: readonly Capability[] = servers[server].capabilities
  const can = portableCases.filter(({ needs }) => needs.every((capability) => has.includes(capability)))
  return { can, cannot: portableCases.filter((one) => !can.includes(one)) }
}

describe('mlx_lm.server with the hello model', () => {
  const server = useMlxLmServer(folder.path)
  const engineOf = () => createEngine({ baseUrl: server.baseUrl, server: 'mlx-lm', model: helloDirectory })

  for (const { name, run } of split('mlx-lm').can) {
    test(name, async () => {
      await using engine = await engineOf()
      await run({ engine, folder: folder.path })
    })
  }

  // Each of them is a 404 of that server.
  const image = 'data:image/png;base64,iVBORw0KGgo='
  test.each([
    ['an image', { messages: [{ role: 'user' as const, content: [{ type: 'image' as const, image }] }] }],
    ['a missing adapter', { ...ask('Say hello.'), adapter: './no-such-adapter' }],
    ['a missing draft model', { ...ask('Say hello.'), draftModel: './no-such-model' }],
  ])('refuses %s as INVALID_REQUEST, and answers the next call', async (_, call) => {
    await using engine = await engineOf()
    await expect(engine.complete(call)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/answered 404: ./),
    })
    expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
  })

  test('proposes tokens with a draft model, and the text stays the same', async () => {
    await using engine = await engineOf()
    const answer = await engine.complete({ ...ask(story), draftModel: helloDirectory, draftTokens: 4 })
    expect(answer.text).toBe(answerTo(story))
  })

  test('uses the model that it was started with if no other is given', async () => {
    await using engine = await createEngine({ baseUrl: server.baseUrl, server: 'mlx-lm' })
    expect(await engine.loadModel()).toMatchObject({ model: 'default_model' })
    expect((await engine.models()).map(({ model }) => model)).toEqual([helloDirectory])
    expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
  })

  test('is REMOTE_FAILED if it dies during an answer or cannot be reached', async () => {
    await using engine = await engineOf()
    const read = async () => {
      for await (const { text } of engine.generate(ask(story))) {
        if (text !== '') await server.kill()
      }
    }
    await expect(read()).rejects.toMatchObject({ code: 'REMOTE_FAILED' })
    const next = engine.complete(ask('Say hello.'))
    await expect(next).rejects.toMatchObject({
      message: expect.stringContaining('nothing is listening there'),
    })
  })
})

describe.each(['openai', 'compatible', 'mlx-lm', 'create-mlx-app'] as const)(
  '%s gets no request for what it does not support',
  (server) => {
    for (const { name, run } of split(server).cannot) {
      test(name, async () => {
        const { baseUrl } = recorder
        await using engine = await createEngine({ baseUrl, server, model: 'hello' })
        await expect(run({ engine, folder: folder.path })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
        expect(recorder.seen).toEqual([])
      })
    }
  },
)
