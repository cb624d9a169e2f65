import { expect, test } from 'vitest'
import { limits } from '../../src/engine/limits.ts'
import { protocolVersion, requestSchema } from '../../src/engine/protocol.ts'
import { malformedLines } from './malformed-lines.ts'
import { answerTo, ask } from './support.ts'
import { goodCall, next, withWorker } from './worker.ts'

test('the first event names the version of the protocol', () =>
  withWorker(async (_, events) => {
    expect(await next(events)).toMatchObject({ type: 'ready', protocol: protocolVersion })
  }))

const count = process.env.SOAK === '1' ? 10_000 : 500

test(`${count} random and malformed lines: an error each, and the worker lives`, { timeout: 600_000 }, () =>
  withWorker(async (say, events) => {
    await next(events)
    let id = 1_000_000
    for (const line of malformedLines(count, 20_261_121)) {
      say(line)
      const event = await next(events)
      expect(event, line.toString('utf8').slice(0, 300)).toMatchObject({ type: 'error' })
      if (++id % 100 === 0) expect(await goodCall(id, say, events)).toBe(answerTo('Say hello.'))
    }
    expect(await goodCall(id + 1, say, events)).toBe(answerTo('Say hello.'))
  }),
)

test('a line that is too long is refused, and the next one is read', () =>
  withWorker(async (say, events) => {
    await next(events)
    say(Buffer.alloc(limits.lineBytes + 10, 'a'))
    expect(await next(events)).toMatchObject({ type: 'error', id: null, code: 'INVALID_REQUEST' })
    expect(await goodCall(1, say, events)).toBe(answerTo('Say hello.'))
  }))

test('a second request with the same id does not end the first', () =>
  withWorker(async (say, events) => {
    await next(events)
    const call = JSON.stringify({ type: 'generate', id: 5, model: 'hello', ...ask('Say hello.') })
    say(`${call}\n${call}\n{"type":"generate","id":5,"model":7}`)
    const refused = [await next(events), await next(events)]
    for (const event of refused) expect(event).toMatchObject({ type: 'error', id: null })
    let text = ''
    for (;;) {
      const event = await next(events)
      if (event.type === 'tokens') text += event.pieces.map((piece) => piece.text).join('')
      if (event.type === 'done') break
    }
    expect(text).toBe(answerTo('Say hello.'))
  }))

test('cancelling an unknown or finished call is not an error', () =>
  withWorker(async (say, events) => {
    await next(events)
    say('{"type":"cancel","id":77}')
    expect(await goodCall(78, say, events)).toBe(answerTo('Say hello.'))
    say('{"type":"cancel","id":78}')
    say('{"type":"status","id":79}')
    expect(await next(events)).toMatchObject({ type: 'statusReport', id: 79, active: 0, queued: 0 })
  }))

test('both sides have the same defaults', () => {
  const parsed = requestSchema.parse({ type: 'generate', id: 1, model: 'hello', prompt: 'a' })
  expect(parsed).toMatchObject({
    maxTokens: 1024,
    seed: null,
    stop: [],
  })
})
