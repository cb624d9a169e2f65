import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/index.ts'
import { answerTypes, eventSchema, protocolVersion, requestSchema } from '../../src/engine/protocol.ts'
import { ask, useFolder, writeScript } from './support.ts'

const folder = useFolder()
const versions = { python: '3.12', mlx: '1', mlxLm: '1' }
const ready = { type: 'ready', protocol: protocolVersion, pid: 1, device: 'cpu', ...versions }

/** A program that sends `ready`, and then the same event for every line that it reads. */
function fakeWorker(event: object, first: object = ready): string {
  const echo = (value: object) => `echo '${JSON.stringify(value)}'`
  const text = `${echo(first)}\nwhile read -r line; do ${echo(event)}; done`
  return writeScript(join(folder.path, 'fake worker'), text)
}

const wrongAnswer = { type: 'tokenised', id: 1, tokens: [], count: 0 }

describe('an event that does not answer the request', () => {
  test('ends a call with INTERNAL, which names both', async () => {
    await using engine = await createEngine({ python: fakeWorker(wrongAnswer) })
    await expect(engine.models()).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'The worker answered models with tokenised.',
    })
  })

  test.each([1, 2])('ends a stream of %i sequences with INTERNAL', async (n) => {
    await using engine = await createEngine({ python: fakeWorker(wrongAnswer) })
    await expect(engine.complete({ ...ask('Hi'), n })).rejects.toMatchObject({ code: 'INTERNAL' })
  })
})

test.each([
  ['of an unknown type', { type: 'surprise', id: 1 }, 'no event'],
  ['with an unknown field', { ...wrongAnswer, more: true }, 'no event'],
  ['ready, a second time', ready, 'second time'],
])('an event %s ends the worker and its calls', async (_, event, message) => {
  await using engine = await createEngine({ python: fakeWorker(event) })
  await expect(engine.models()).rejects.toMatchObject({
    code: 'WORKER_EXITED',
    message: expect.stringContaining(message),
  })
})

test('an event before ready ends the start', async () => {
  const python = fakeWorker(wrongAnswer, wrongAnswer)
  await expect(createEngine({ python })).rejects.toMatchObject({
    code: 'WORKER_EXITED',
    message: expect.stringContaining('before ready'),
  })
})

test('each request but cancel has an answer, and no two have the same', () => {
  const requests = requestSchema.options.map(({ shape }) => shape.type.value)
  const events = eventSchema.options.map(({ shape }) => shape.type.value)
  expect(Object.keys(answerTypes)).toEqual(requests.filter((type) => type !== 'cancel'))
  expect(events).toEqual(expect.arrayContaining(Object.values(answerTypes)))
  expect(new Set(Object.values(answerTypes)).size).toBe(Object.keys(answerTypes).length)
})
