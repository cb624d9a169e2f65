import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { delta, events, useHttpServer } from '../../engine/test/engine/http-server.ts'
import { helloDirectory, makeProject, story, useFolder } from '../../engine/test/engine/support.ts'
import { startPythonServer } from './python-server.ts'
import { openServer } from './support.ts'

interface Started {
  url: string
  cut(): Promise<void>
}

const folder = useFolder()

/** The configured model has its own temperature. `settled` has one in the settings, and `zero` a 0. */
const modelSettings = { settled: { temperature: 1.9 }, zero: { temperature: 0 } }

const servers: Record<string, () => Promise<Started>> = {
  TypeScript: () => {
    const settings = Object.entries(modelSettings).map(([model, sampling]) => [model, { sampling }])
    const project = projectWith({ modelSettings: Object.fromEntries(settings) })
    return openServer({ TEMPLATE_OPTIONS: '' }, { project })
  },
  Python: () => {
    const project = projectWith({})
    const settings = Object.entries(modelSettings).map(([model, sampling]) => [model, { sampling }])
    return startPythonServer(
      {},
      {
        model: 'mine',
        models_directory: join(project, 'models'),
        model_settings: Object.fromEntries(settings),
      },
    )
  },
}

let projects = 0

function projectWith(config: object): string {
  projects += 1
  const project = makeProject(join(folder.path, `server-${projects}`), [])
  for (const name of ['mine', 'settled', 'zero']) {
    const model = join(project, 'models', name)
    cpSync(helloDirectory, model, { recursive: true })
    writeFileSync(
      join(model, 'generation_config.json'),
      JSON.stringify({ do_sample: true, temperature: 2, top_k: 50 }),
    )
  }
  writeFileSync(join(project, 'mlx.config.json'), JSON.stringify({ model: 'mine', ...config }))
  return project
}

/** At these temperatures, 24 of 24 stories differed from the one that the model knows by heart. */
const words = story
const messages = [{ role: 'user', content: words }]

/** How to ask each API, and its field for the text. */
const apis: Record<string, { path: string; body: object; servers: string[] }> = {
  chat: {
    path: '/v1/chat/completions',
    body: { messages, max_tokens: 300 },
    servers: ['TypeScript', 'Python'],
  },
  completions: {
    path: '/v1/completions',
    body: { prompt: words, max_tokens: 300, logit_bias: { 0: -100, 1: -100, 2: -100 } },
    servers: ['TypeScript', 'Python'],
  },
  responses: {
    path: '/v1/responses',
    body: { input: words, max_output_tokens: 300 },
    servers: ['TypeScript'],
  },
  messages: { path: '/v1/messages', body: { messages, max_tokens: 300 }, servers: ['TypeScript'] },
}

describe.each(Object.keys(servers))('the server in %s', (language) => {
  let server: Started
  beforeAll(async () => {
    const start = servers[language]
    if (start === undefined) throw new Error('There is no such server.')
    server = await start()
  })
  afterAll(() => server.cut())

  const get = async (path: string) => (await fetch(`${server.url}${path}`)).json()

  /** Returns the text of an answer: the answer without what differs between two equal ones. */
  async function text(path: string, body: object): Promise<string> {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(200)
    const { choices, content, output } = JSON.parse(await response.text())
    const [choice] = choices ?? []
    return choice?.message?.content ?? choice?.text ?? content?.[0]?.text ?? output[0].content[0].text
  }

  test.each(Object.entries(apis).filter(([, api]) => api.servers.includes(language)))(
    '%s: samples as the model or its settings say, and an explicit value wins',
    async (_, { path, body }) => {
      const greedy = await text(path, { ...body, temperature: 0 })
      expect(await text(path, { ...body, temperature: 0 })).toBe(greedy)
      expect(await text(path, body)).not.toBe(greedy)
      expect(await text(path, { ...body, model: 'settled' })).not.toBe(greedy)
      expect(await text(path, { ...body, model: 'settled', temperature: 0 })).toBe(greedy)
      expect(await text(path, { ...body, model: 'zero' })).toBe(greedy)
      expect(await text(path, { ...body, model: 'zero', temperature: 2 })).not.toBe(greedy)
    },
  )

  test('the list of models and the status tell the defaults, and where they come from', async () => {
    const own = { value: 2, source: 'generation_config.json' }
    expect(await get('/v1/models/mine')).toMatchObject({
      defaults: {
        temperature: own,
        top_k: { value: 50, source: 'generation_config.json' },
        top_p: { value: 1, source: 'library' },
        context_tokens: { source: 'config.json' },
      },
    })
    expect(await get('/v1/models/settled')).toMatchObject({
      defaults: { temperature: { value: 1.9, source: 'settings' } },
    })
    expect(await get('/v1/models/zero')).toMatchObject({
      defaults: { temperature: { value: 0, source: 'settings' } },
    })
    expect(await get('/api/status')).toMatchObject({
      defaults: { temperature: own },
      last_step_at: expect.any(Number),
    })
  })
})

const upstream = useHttpServer()

test('with another server as its engine, requests get the settings too, and the list tells them', async () => {
  upstream.reply = (response, { path }) => {
    if (path.endsWith('/models')) return response.end(JSON.stringify({ data: [{ id: 'big' }] }))
    const choice = path.endsWith('/chat/completions')
      ? delta({ content: 'Yes' }, 'stop')
      : { choices: [{ index: 0, text: 'Yes', finish_reason: 'stop' }] }
    return events(response, [choice, '[DONE]']).end()
  }
  const config = { sampling: { topP: 0.5 }, modelSettings: { big: { sampling: { temperature: 0.25 } } } }
  const server = await openServer(
    { ENGINE_URL: upstream.baseUrl, ENGINE_MODEL: 'big' },
    { project: projectWith(config) },
  )
  try {
    for (const { path, body } of Object.values(apis)) {
      const { logit_bias: _, ...rest } = { logit_bias: {}, ...body }
      for (const [asked, temperature] of [[undefined, 0.25] as const, [0, 0] as const]) {
        upstream.seen.length = 0
        const answer = await server.post(path, { ...rest, temperature: asked })
        expect(answer.status, await answer.text()).toBe(200)
        expect(JSON.parse(upstream.seen.at(-1)?.body ?? '')).toMatchObject({ temperature, top_p: 0.5 })
      }
    }
    const defaults = {
      temperature: { value: 0.25, source: 'settings' },
      top_p: { value: 0.5, source: 'settings' },
    }
    for (const place of ['/v1/models/big', '/api/status']) {
      expect(await (await fetch(`${server.url}${place}`)).json()).toMatchObject({ defaults })
    }
  } finally {
    await server.cut()
  }
})

test('a response tells the temperature that was used', async () => {
  const project = projectWith({ aliases: { quick: 'mine' } })
  await using server = await openServer({}, { project })
  for (const model of [undefined, 'quick']) {
    const response = await server.post('/v1/responses', { model, input: words, max_output_tokens: 5 })
    expect(await response.json()).toMatchObject({ temperature: 2, top_p: 1 })
  }
})
