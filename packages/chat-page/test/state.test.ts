import { describe, expect, test, vi } from 'vitest'
import {
  type AnswerTurn,
  createAnswer,
  createUserTurn,
  startConversation,
  truncateBefore,
  withTurn,
} from '../src/state/conversation.ts'
import { type ConversationStore, createMemoryStore } from '../src/state/conversation-store.ts'
import { Library, maxConversations } from '../src/state/library.ts'
import { buildRequest } from '../src/state/request.ts'
import { ServerMonitor, takesRequests } from '../src/state/server-monitor.ts'
import { readNumber, SettingsStore, samplingFields } from '../src/state/settings.ts'
import { type ServerStatus, type Transport, TransportError } from '../src/transport/transport.ts'

const answer = (text: string): AnswerTurn => ({ ...createAnswer('hello'), text, ending: 'stop' })

describe('a request', () => {
  const first = startConversation(createUserTurn('  What is MLX? ', ['data:image/jpeg;base64,AAAA']))
  const conversation = withTurn(withTurn(first, answer('A framework.')), createUserTurn('More'))

  test('has the system prompt, all turns and the sampling settings', () => {
    expect(
      buildRequest(conversation, { system: ' Be short. ', temperature: 0, seed: 7 }, 'hello', true),
    ).toEqual({
      model: 'hello',
      messages: [
        { role: 'system', text: 'Be short.' },
        { role: 'user', text: 'What is MLX?', images: ['data:image/jpeg;base64,AAAA'] },
        { role: 'assistant', text: 'A framework.' },
        { role: 'user', text: 'More' },
      ],
      temperature: 0,
      seed: 7,
    })
  })

  test('names the selected MCP servers, without earlier calls', () => {
    const calls = [
      { id: '1', server: 'weather', name: 'get_weather', arguments: {}, result: 'sunny', failed: false },
    ]
    const called = withTurn(first, { ...answer('Sunny.'), calls })
    const request = buildRequest(called, { system: '', mcpServers: ['weather'] }, 'hello', false)
    expect(request.mcpServers).toEqual(['weather'])
    expect(request.messages.at(-1)).toEqual({ role: 'assistant', text: 'Sunny.' })
  })

  test('has no images for a model that does not accept them', () => {
    expect(buildRequest(conversation, { system: '' }, 'hello', false).messages[0]).toEqual({
      role: 'user',
      text: 'What is MLX?',
    })
  })

  test('merges questions without an answer', () => {
    const failed = withTurn(first, { ...answer(''), ending: 'failed', problem: 'It broke.' })
    const { messages } = buildRequest(
      withTurn(failed, createUserTurn('Well?')),
      { system: '' },
      'hello',
      false,
    )
    expect(messages).toEqual([{ role: 'user', text: 'What is MLX?\n\nWell?' }])
  })

  test('for an edited turn contains the turns before it', () => {
    const third = conversation.turns[2]?.id ?? ''
    expect(truncateBefore(conversation, third).turns).toEqual(conversation.turns.slice(0, 2))
    expect(truncateBefore(conversation, 'nobody')).toBe(conversation)
  })
})

describe('the library', () => {
  async function libraryOn(store: ConversationStore): Promise<Library> {
    const library = new Library()
    await library.open(Promise.resolve(store))
    return library
  }

  test('restores stored conversations, newest first', async () => {
    const store = createMemoryStore()
    const library = await libraryOn(store)
    library.put({ ...startConversation(createUserTurn('old')), changed: 1 })
    library.put({ ...startConversation(createUserTurn('new')), changed: 2 })
    const { conversations } = (await libraryOn(store)).get()
    expect(conversations.map(({ title }) => title)).toEqual(['new', 'old'])
    expect(conversations).toEqual(library.get().conversations)
  })

  test('keeps and reports unreadable values', async () => {
    const store = createMemoryStore()
    await store.write('bad', { id: 'bad', turns: 'none' })
    await store.write('picture', {
      ...startConversation(createUserTurn('x', ['https://example.com/pixel.png'])),
      id: 'picture',
    })
    const library = await libraryOn(store)
    library.put(startConversation(createUserTurn('good')))
    expect(library.get().unreadable.map(({ id }) => id)).toEqual(['bad', 'picture'])
    expect(await store.read('bad')).toEqual({ id: 'bad', turns: 'none' })
    expect(library.exportText()).toContain('"turns": "none"')
    library.remove('bad')
    expect(library.get().unreadable.map(({ id }) => id)).toEqual(['picture'])
    expect(await store.read('bad')).toBeUndefined()
  })

  test('works without a store, and reports it', async () => {
    const library = new Library()
    await library.open(Promise.reject(new Error('The operation is insecure.')))
    library.put(startConversation(createUserTurn('kept for now')))
    expect(library.get()).toMatchObject({
      open: true,
      conversations: [{ title: 'kept for now' }],
      problem: 'This browser cannot store conversations: The operation is insecure.',
    })
  })

  test('reports when the storage is full', async () => {
    const full = { ...createMemoryStore(), write: () => Promise.reject(new Error('Quota exceeded.')) }
    const library = await libraryOn(full)
    const told = new Promise<void>((resolve) => {
      library.subscribe(() => library.get().problem !== undefined && resolve())
    })
    library.put(startConversation(createUserTurn('much')))
    await told
    expect(library.get().problem).toBe('The conversation could not be saved: Quota exceeded.')
  })

  test('is limited in size', async () => {
    const store = createMemoryStore()
    const library = await libraryOn(store)
    for (let index = 0; index <= maxConversations; index += 1) {
      library.put({ ...startConversation(createUserTurn(`${index}`)), changed: index })
    }
    expect(library.get().conversations).toHaveLength(maxConversations)
    expect(await store.all()).toHaveLength(maxConversations)
    expect(library.get().conversations.at(-1)?.title).toBe('1')
  })

  test('imports only its own exports', async () => {
    const library = await libraryOn(createMemoryStore())
    library.put(withTurn(startConversation(createUserTurn('one')), answer('<script>')))
    const other = await libraryOn(createMemoryStore())
    expect(other.importFrom(library.exportText())).toBe(1)
    expect(other.get().conversations).toEqual(library.get().conversations)
    expect(() => other.importFrom('{}')).toThrow('The file contains no list of conversations.')
    expect(() => other.importFrom('{"conversations":[{}]}')).toThrow('Conversation 1 is invalid.')
    expect(() => other.importFrom('oops')).toThrow()
  })
})

describe('settings', () => {
  const storage = (text?: string) => {
    const values = new Map<string, string>(text === undefined ? [] : [['chat-settings', text]])
    return {
      values,
      getItem: (name: string) => values.get(name) ?? null,
      setItem: (name: string, value: string) => void values.set(name, value),
    }
  }

  test('are kept', () => {
    const kept = storage()
    new SettingsStore(kept).change({ system: 'Be short.', seed: 3 })
    expect(new SettingsStore(kept).get()).toEqual({ system: 'Be short.', seed: 3 })
  })

  test('that cannot be read are kept under another name', () => {
    const kept = storage('{"system":')
    expect(new SettingsStore(kept).get()).toEqual({ system: '' })
    expect(kept.values.get('chat-settings-unreadable')).toBe('{"system":')
  })

  test('accept only numbers within their limits', () => {
    const [temperature, , maxTokens] = samplingFields
    expect(['0', ' 0.7 ', '2', '2.1', '-1', 'warm', ''].map((text) => readNumber(temperature, text))).toEqual(
      [0, 0.7, 2, undefined, undefined, undefined, undefined],
    )
    expect(['1', '1.5', '0'].map((text) => readNumber(maxTokens, text))).toEqual([1, undefined, undefined])
    expect(['4000', '4.000', '4,000'].map((text) => readNumber(maxTokens, text))).toEqual([
      4000,
      undefined,
      undefined,
    ])
  })
})

test('the monitor goes on with a server whose model makes no progress, until it is ready', async () => {
  const message = 'The model has work, but makes no progress.'
  const models = [{ id: 'hello', loaded: true, capabilities: [] }]
  const states: ServerStatus[] = [{ state: 'stalled', message }, { state: 'ready' }]
  const monitor = new ServerMonitor({
    status: async () => states.shift() ?? { state: 'failed' },
    models: async () => models,
    load: async () => undefined,
    mcpServers: async () => [],
    async *chat() {},
    giveKey: () => undefined,
  })
  await monitor.check()
  expect(monitor.get()).toMatchObject({ state: 'stalled', message, models })
  expect(takesRequests(monitor.get().state)).toBe(true)
  await vi.waitFor(() => expect(monitor.get()).toMatchObject({ state: 'ready', models }), { timeout: 5000 })
})

describe('the monitor of an app that controls the start', () => {
  /** A transport whose model is loading until the user stops it. */
  function startingApp() {
    let status: ServerStatus = { state: 'loading' }
    const transport: Transport = {
      status: async () => status,
      models: async () => [],
      load: async () => undefined,
      mcpServers: async () => [],
      async *chat() {},
      giveKey: () => undefined,
      start: {
        stop: async () => {
          status = { state: 'failed', startFailed: true, message: 'Loading the model was stopped.' }
        },
        retry: async () => {
          status = { state: 'ready' }
        },
      },
    }
    return transport
  }

  test('stops it and tries it again, and shows the new state at once', async () => {
    const monitor = new ServerMonitor(startingApp())
    expect(monitor.controlsStart).toBe(true)
    await monitor.check()
    expect(monitor.get()).toMatchObject({ state: 'loading' })
    monitor.stopStart()
    await vi.waitFor(() => expect(monitor.get()).toMatchObject({ state: 'failed', startFailed: true }))
    monitor.retryStart()
    await vi.waitFor(() => expect(monitor.get()).toMatchObject({ state: 'ready', startFailed: undefined }))
  })

  test('lists the models that can take the place of one that was not loaded', async () => {
    const transport = startingApp()
    const models = [{ id: 'other', loaded: false, capabilities: [] }]
    const monitor = new ServerMonitor({ ...transport, models: async () => models })
    await monitor.check()
    expect(monitor.get().models).toEqual([])
    monitor.stopStart()
    await vi.waitFor(() => expect(monitor.get()).toMatchObject({ state: 'failed', models }))
    const withoutEngine = new ServerMonitor({
      ...transport,
      models: async () => {
        throw new TransportError('The model could not be loaded.', { status: 503 })
      },
    })
    await withoutEngine.check()
    expect(withoutEngine.get()).toMatchObject({ state: 'failed', models: [] })
  })

  test('has nothing to stop on a server', async () => {
    const { start: _, ...server } = startingApp()
    expect(new ServerMonitor(server).controlsStart).toBe(false)
  })
})
