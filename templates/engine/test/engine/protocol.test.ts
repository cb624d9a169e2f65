import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { findInterpreter, findProject } from '#project'
import { limits } from '../../src/engine/limits.ts'
import { eventSchema, protocolVersion, requestSchema, type WorkerEvent } from '../../src/engine/protocol.ts'
import { workerLaunch } from '../../src/engine/worker-launch.ts'
import { malformedLines } from './malformed-lines.ts'
import { answerTo, ask } from './support.ts'

/** The worker without the engine, so that it can be told what the engine never would. */
async function withWorker(
  use: (say: (line: string | Buffer) => void, events: AsyncIterator<WorkerEvent>) => Promise<void>,
): Promise<void> {
  const project = findProject(import.meta.dirname)
  const launch = workerLaunch(project, findInterpreter(project), { device: 'cpu' })
  const child = spawn(launch.command, launch.arguments, {
    env: launch.environment,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  async function* read() {
    for await (const line of createInterface(child.stdout)) yield eventSchema.parse(JSON.parse(line))
  }
  try {
    await use((line) => {
      child.stdin.write(line)
      child.stdin.write('\n')
    }, read())
    const exit = once(child, 'exit')
    child.stdin.end()
    expect(await exit).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
  }
}

async function next(events: AsyncIterator<WorkerEvent>): Promise<WorkerEvent> {
  const { value, done } = await events.next()
  if (done === true) throw new Error('The worker ended.')
  return value
}

/** A good call in the midst of the bad ones: the worker answers it as if nothing had been. */
async function goodCall(id: number, say: (line: string) => void, events: AsyncIterator<WorkerEvent>) {
  say(JSON.stringify({ type: 'generate', id, model: 'hello', ...ask('Say hello.') }))
  let text = ''
  for (;;) {
    const event = await next(events)
    if (event.type === 'tokens') text += event.pieces.map((piece) => piece.text).join('')
    else if (event.type === 'done') return text
    else throw new Error(`unexpected: ${JSON.stringify(event)}`)
  }
}

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

test('a line over the limit is refused, and the next one is read', () =>
  withWorker(async (say, events) => {
    await next(events)
    say(Buffer.alloc(limits.lineBytes + 10, 'a'))
    expect(await next(events)).toMatchObject({ type: 'error', id: null, code: 'INVALID_REQUEST' })
    expect(await goodCall(1, say, events)).toBe(answerTo('Say hello.'))
  }))

test('an id that is in use does not end the call that has it', () =>
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

test('cancelling what is not there, or is over, is no error', () =>
  withWorker(async (say, events) => {
    await next(events)
    say('{"type":"cancel","id":77}')
    expect(await goodCall(78, say, events)).toBe(answerTo('Say hello.'))
    say('{"type":"cancel","id":78}')
    say('{"type":"status","id":79}')
    expect(await next(events)).toMatchObject({ type: 'statusReport', id: 79, active: 0, queued: 0 })
  }))

test('both sides hold the same defaults', () => {
  const parsed = requestSchema.parse({ type: 'generate', id: 1, model: 'hello', prompt: 'a' })
  expect(parsed).toMatchObject({
    maxTokens: 1024,
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    seed: null,
    stop: [],
  })
})
