/** A server whose model is named by a path: the name of its folder, its path and its aliases are the same model. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, ask, helloDirectory, makeProject, useFolder } from '../../engine/test/engine/support.ts'
import { startPythonServer } from './python-server.ts'
import { openServer } from './support.ts'

const folder = useFolder()
const model = join(folder.path, 'elsewhere', 'mine')
const project = join(folder.path, 'project')
const listSchema = z.object({
  data: z.array(z.object({ id: z.string(), loaded: z.boolean(), context_tokens: z.int().nullable() })),
})
const aliases = {
  fast: 'mine',
  slow: model,
  faster: 'fast',
  only: [{ model: 'mine', weight: 1 }],
  split: [
    { model: 'mine', weight: 1 },
    { model: 'hello', weight: 1 },
  ],
}

beforeAll(() => {
  cpSync(helloDirectory, model, { recursive: true })
  makeProject(project)
  writeFileSync(join(project, 'mlx.config.json'), JSON.stringify({ model: '../elsewhere/mine', aliases }))
})

const servers = [
  { name: 'Node', start: () => openServer({}, { project }), path: '../elsewhere/mine' },
  {
    name: 'Python',
    start: () => startPythonServer({ MODELS_DIRECTORY: join(project, 'models') }, { model, aliases }),
    path: model,
  },
]

describe.each(servers)('the server in $name', ({ name: language, start, path }) => {
  let server: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.cut())

  const chat = (name: string | undefined) =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...ask('Say hello.'), model: name }),
    })

  test.each([
    ['the name of its folder', 'mine', 'mine'],
    ['its path', path, 'mine'],
    ['an alias of its name', 'fast', 'fast'],
    ['an alias of its path', 'slow', 'slow'],
    ['no name', undefined, 'mine'],
  ])('answers a request with %s', async (_, name, id) => {
    const response = await chat(name)
    expect(await response.json()).toMatchObject({
      model: id,
      choices: [{ message: { content: answerTo('Say hello.') } }],
    })
  })

  test('lists it once, as loaded', async () => {
    const { data } = listSchema.parse(await (await fetch(`${server.url}/v1/models`)).json())
    const found = data.filter(({ id }) => id.includes('mine'))
    expect(found).toEqual([{ id: 'mine', loaded: true, context_tokens: 32768 }])
  })

  test('lists its aliases as loaded, but not one that splits its calls', async () => {
    const { data } = listSchema.parse(await (await fetch(`${server.url}/v1/models`)).json())
    const found = data.filter(({ id }) => Object.hasOwn(aliases, id))
    const loaded = { loaded: true, context_tokens: 32768 }
    expect(found).toEqual([
      { id: 'fast', ...loaded },
      { id: 'slow', ...loaded },
      { id: 'faster', ...loaded },
      { id: 'only', ...loaded },
      { id: 'split', loaded: false, context_tokens: null },
    ])
  })

  test('finds a model that was added since it listed them', async () => {
    const name = `added-${language}`
    expect((await chat(name)).status).toBe(404)
    cpSync(helloDirectory, join(project, 'models', name), { recursive: true })
    await expect.poll(async () => (await chat(name)).status, { interval: 50, timeout: 5000 }).toBe(200)
  })

  test('reads no other folder', async () => {
    for (const name of [join(project, 'models', 'hello'), '../elsewhere', `${model}/.`]) {
      expect((await chat(name)).status).toBe(404)
    }
  })
})
