import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { answerTo, useFolder } from '../../engine/test/engine/support.ts'
import { createKey } from '../src/keys/records.ts'
import { updateRecords } from '../src/keys/update-records.ts'
import { requestBodySchema } from '../src/responses/request-body.ts'
import { createResponseObject } from '../src/responses/response-object.ts'
import { collectItems, ResponseStore, type Turn } from '../src/responses/response-store.ts'
import { respond, responseBody, textOf } from './responses.ts'
import { type TestServer, useServer } from './support.ts'

async function ask(server: TestServer, body: object): Promise<{ id: string; text: string }> {
  const response = await respond(server, body)
  return { id: response.id, text: textOf(response) }
}

async function statusOf(server: TestServer, id: string): Promise<number> {
  return (await fetch(`${server.url}/v1/responses/${id}`)).status
}

describe('with room for two responses', () => {
  const two = useServer({ STORED_RESPONSES: '2' })

  test('the least recently used one is dropped', async () => {
    const first = await ask(two.server, { input: 'Say hello.' })
    const second = await ask(two.server, { input: 'Say hello.' })
    expect(await statusOf(two.server, first.id)).toBe(200)
    await ask(two.server, { input: 'Say hello.' })
    expect(await statusOf(two.server, first.id)).toBe(200)
    expect(await statusOf(two.server, second.id)).toBe(404)
  })

  test('a conversation stays complete when its first ID is dropped', async () => {
    let previous = await ask(two.server, { input: 'Count to ten.' })
    const { id: first } = previous
    for (const input of ['Say hello.', 'Count to ten.']) {
      previous = await ask(two.server, { input, previous_response_id: previous.id })
      expect(previous.text).toBe(answerTo(input))
    }
    expect(await statusOf(two.server, first)).toBe(404)
    const items = await fetch(`${two.server.url}/v1/responses/${previous.id}/input_items?order=asc`)
    expect(await items.json()).toMatchObject({
      data: [
        { role: 'user', content: [{ text: 'Count to ten.' }] },
        { role: 'assistant', content: [{ text: answerTo('Count to ten.') }] },
        { role: 'user', content: [{ text: 'Say hello.' }] },
        { role: 'assistant', content: [{ text: answerTo('Say hello.') }] },
        { role: 'user', content: [{ text: 'Count to ten.' }] },
      ],
    })
  })
})

describe('with little room', () => {
  const little = useServer({ STORED_RESPONSE_BYTES: '3000' })

  test('a response larger than the store is not stored, and displaces nothing', async () => {
    const small = await ask(little.server, { input: 'Say hello.' })
    const metadata = Object.fromEntries(Array.from({ length: 10 }, (_, key) => [key, 'x'.repeat(512)]))
    const large = await ask(little.server, { input: 'Say hello.', metadata })
    expect(await statusOf(little.server, large.id)).toBe(404)
    expect(await statusOf(little.server, small.id)).toBe(200)
    for (let turn = 0; turn < 3; turn++) await ask(little.server, { input: 'Say hello.' })
    expect(await statusOf(little.server, small.id)).toBe(404)
  })
})

describe('the responses of one key', () => {
  const folder = useFolder().path
  const file = join(folder, 'keys.json')
  const keyed = useServer({ KEYS_FILE: file })

  test('are not available to another key', async () => {
    const [ada, ben] = [createKey('ada'), createKey('ben')]
    await updateRecords(file, () => [ada.record, ben.record])
    const as = (key: string, path: string, body?: object) =>
      fetch(`${keyed.server.url}/v1/responses${path}`, {
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      })
    const kept = responseBody.parse(await (await as(ada.key, '', { input: 'Say hello.' })).json())
    const message = String(kept.output[0]?.id)
    const requests = [
      () => as(ben.key, `/${kept.id}`),
      () => as(ben.key, `/${kept.id}/input_items`),
      () => as(ben.key, '', { input: 'Say hello.', previous_response_id: kept.id }),
      () => as(ben.key, '', { input: [{ type: 'item_reference', id: message }] }),
    ]
    for (const request of requests) expect((await request()).status).toBe(404)
    const deleted = await fetch(`${keyed.server.url}/v1/responses/${kept.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${ben.key}` },
    })
    expect(deleted.status).toBe(404)
    expect((await as(ada.key, `/${kept.id}`)).status).toBe(200)
  })
})

describe('the store', () => {
  const settings = { storedResponses: 3, storedResponseBytes: 1_000_000 }

  function add(store: ResponseStore, previous?: Turn): { id: string; item: string; turn: Turn } {
    const response = createResponseObject(requestBodySchema.parse({ input: 'x' }), 'hello')
    const item = `msg of ${response.id}`
    const content = [{ type: 'input_text' as const, text: 'x' }]
    const message = {
      type: 'message' as const,
      id: item,
      status: 'completed' as const,
      role: 'user' as const,
      content,
    }
    store.add({ caller: 'ada', response, input: [message], previous })
    const turn = store.get('ada', response.id)
    if (turn === undefined) throw new Error('It is not kept.')
    return { id: response.id, item, turn }
  }

  test('counts each turn once, however many continue it', () => {
    const store = new ResponseStore(settings)
    const first = add(store)
    const { bytes } = store
    expect(bytes).toBeGreaterThan(100)
    const branches = [add(store, first.turn), add(store, first.turn)]
    const all = store.bytes
    expect(all).toBe(first.turn.bytes + branches.reduce((sum, { turn }) => sum + turn.bytes, 0))
    store.delete('ada', first.id)
    expect(store.get('ada', first.id)).toBeUndefined()
    expect(store.bytes).toBe(all)
    expect(store.item('ada', first.item)).toBeDefined()
    for (const { id } of branches) store.delete('ada', id)
    expect(store.bytes).toBe(0)
    expect(store.item('ada', first.item)).toBeUndefined()
  })

  test('restores a dropped turn with the one that continues it', () => {
    const store = new ResponseStore(settings)
    const first = add(store)
    store.delete('ada', first.id)
    expect(store.bytes).toBe(0)
    const second = add(store, first.turn)
    expect(store.bytes).toBe(first.turn.bytes + second.turn.bytes)
    expect(collectItems(second.turn).map(({ id }) => id)).toEqual([first.item, second.item])
    store.delete('ada', second.id)
    expect(store.bytes).toBe(0)
  })

  test('stays within its limits', () => {
    const store = new ResponseStore(settings)
    let previous: Turn | undefined
    for (let turn = 0; turn < 10; turn++) previous = add(store, turn % 4 === 0 ? undefined : previous).turn
    expect(store.size).toBe(3)
    expect(new ResponseStore({ ...settings, storedResponses: 0 }).size).toBe(0)
  })
})
