import { join } from 'node:path'
import { expect, test } from 'vitest'
import { answerTo, makeProject, until, useFolder } from '../../engine/test/engine/support.ts'
import { startPythonServer } from './python-server.ts'
import { openServer } from './support.ts'

const folder = useFolder()
const question = 'Say hello.'

interface Model {
  id: string
  loaded: boolean
}

async function loaded(url: string): Promise<string[]> {
  const { data }: { data: Model[] } = JSON.parse(await (await fetch(`${url}/v1/models`)).text())
  return data.filter((model) => model.loaded).map(({ id }) => id)
}

async function ask(url: string, model: string): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: question }] }),
  })
  expect(response.status).toBe(200)
  return JSON.parse(await response.text()).choices[0].message.content
}

/** The pinned model stays, the others go, and the next request loads them again. */
async function expectToUnload(url: string): Promise<void> {
  expect(await ask(url, 'kept')).toBe(answerTo(question))
  await until(async () => (await loaded(url)).join() === 'kept')
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  expect(await ask(url, 'idle')).toBe(answerTo(question))
  await until(async () => (await loaded(url)).join() === 'kept')
}

test('MLX_KEEP_ALIVE unloads models that are idle, except for pinned ones', async () => {
  const project = makeProject(join(folder.path, 'typescript'), ['idle', 'kept'])
  const modelSettings = { kept: { pinned: true } }
  await using server = await openServer({ MLX_KEEP_ALIVE: '200ms' }, { project, modelSettings })
  await expectToUnload(server.url)
})

test('keep_alive of the server in Python unloads models that are idle, except for pinned ones', async () => {
  const project = makeProject(join(folder.path, 'python'), ['idle', 'kept'])
  const server = await startPythonServer(
    {},
    {
      model: 'idle',
      models_directory: join(project, 'models'),
      keep_alive: '200ms',
      model_settings: { kept: { pinned: true } },
    },
  )
  try {
    await expectToUnload(server.url)
  } finally {
    await server.cut()
  }
})
