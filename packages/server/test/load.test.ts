import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { type Random, randomFrom } from '../../engine/test/engine/random.ts'
import { answers, answerTo, until } from '../../engine/test/engine/support.ts'
import { chat, readChat } from './streams.ts'

const heldSchema = z.object({
  rss: z.number(),
  heap: z.number(),
  workerRss: z.number().optional(),
  active: z.number(),
  queued: z.number(),
  generations: z.number(),
  sockets: z.number(),
  timers: z.number(),
})

/** Answers without calls, which come as text. */
const questions = answers.map(({ question }) => question).filter((question) => !question.includes('weather'))

let program: ChildProcess
let url: string
beforeAll(async () => {
  program = fork(join(import.meta.dirname, 'load-program.ts'), {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  })
  const [message] = await once(program, 'message')
  url = z.object({ url: z.string() }).parse(message).url
}, 60_000)
afterAll(async () => {
  const ended = once(program, 'exit')
  program.disconnect()
  await ended
}, 60_000)

/** What the server holds now. */
async function held() {
  const answered = once(program, 'message')
  program.send('measure')
  return heldSchema.parse((await answered)[0])
}

/** What it holds once the connections of clients that left are gone. */
async function heldWhenIdle() {
  await until(async () => {
    const { active, queued, generations, sockets } = await held()
    return active + queued + generations + sockets === 0
  })
  return held()
}

function post(question: string, stream: boolean, signal?: AbortSignal) {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat(question, { stream })),
    signal: signal ?? null,
  })
}

/** A question on a connection of its own. Gives the body, or undefined where the client left after so many ms. */
async function ask(question: string, stream: boolean, leaveAfterMs?: number): Promise<string | undefined> {
  const outgoing = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  })
  outgoing.end(JSON.stringify(chat(question, { stream })))
  const timer = leaveAfterMs === undefined ? undefined : setTimeout(() => outgoing.destroy(), leaveAfterMs)
  const closed = new Promise<void>((resolve) => outgoing.once('close', resolve))
  // To leave is an error for the one who leaves.
  outgoing.on('error', () => undefined)
  let text = ''
  let complete = false
  outgoing.on('response', (response: IncomingMessage) => {
    response.on('error', () => undefined)
    response.on('end', () => {
      complete = response.complete
    })
    response.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
  })
  await closed
  clearTimeout(timer)
  return complete ? text : undefined
}

/** Requests, as many at once as told, of which half leave at a random moment; those who stay get their answer. */
async function visit(
  count: number,
  atOnce: number,
  random: Random,
): Promise<{ left: number; stayed: number }> {
  const seen = { left: 0, stayed: 0 }
  let next = 0
  const visitor = async () => {
    while (next < count) {
      const index = next++
      const question = questions[Math.floor(random() * questions.length)] ?? ''
      const stream = random() < 0.5
      const leaveAfterMs = index % 2 === 0 ? undefined : random() * 400
      const body = await ask(question, stream, leaveAfterMs)
      if (body === undefined) seen.left += 1
      else {
        seen.stayed += 1
        await expectAnswer(question, stream, body)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, visitor))
  return seen
}

async function expectAnswer(question: string, stream: boolean, body: string): Promise<void> {
  if (stream) {
    const { text, done } = await readChat(new Response(body))
    expect({ text, done }).toEqual({ text: answerTo(question), done: true })
  } else {
    expect(JSON.parse(body)).toMatchObject({ choices: [{ message: { content: answerTo(question) } }] })
  }
}

test('32 concurrent streams: each is complete, and each has its own text', async () => {
  const asked = Array.from({ length: 32 }, (_, index) => questions[index % questions.length] ?? '')
  const streamed = await Promise.all(asked.map(async (question) => readChat(await post(question, true))))
  for (const [index, question] of asked.entries()) {
    expect(streamed[index]).toEqual({
      text: answerTo(question),
      finishReason: 'stop',
      error: undefined,
      done: true,
    })
  }
})

/** Where the memory of both processes has to be, to be where it was. */
const STEADY = 1.05
/** How often a thousand visitors may come until the pools of memory of both processes have their size. */
const WARM_UPS = 4

test('1,000 requests, half of them cancelled: nothing hangs, and nothing is left behind', {
  timeout: 900_000,
}, async () => {
  const random = randomFrom(20)
  const visitAThousand = async () => {
    const { left, stayed } = await visit(1000, 64, random)
    expect(left + stayed).toBe(1000)
    expect(stayed).toBeGreaterThanOrEqual(500)
    expect(left).toBeGreaterThan(200)
    return heldWhenIdle()
  }
  // What is read, compiled and kept once. How many are served at the same moment differs from run to run, so the
  // pools may still grow once or twice; what leaks grows each time.
  let before = await visitAThousand()
  let after = await visitAThousand()
  const grew = () =>
    after.rss > before.rss * STEADY || (after.workerRss ?? 0) > (before.workerRss ?? 0) * STEADY
  for (let warmUps = 1; grew() && warmUps < WARM_UPS; warmUps++) {
    before = after
    after = await visitAThousand()
  }
  expect(after).toMatchObject({ active: 0, queued: 0, generations: 0, sockets: 0 })
  expect(after.timers).toBeLessThanOrEqual(before.timers)
  expect(after.rss).toBeLessThanOrEqual(before.rss * STEADY)
  expect(after.workerRss ?? 0).toBeLessThanOrEqual((before.workerRss ?? 0) * STEADY)
})
