import { EventEmitter, getEventListeners, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createEngine, type Engine } from '../../src/engine/index.ts'
import { randomFrom } from './random.ts'
import { answerTo, ask, endless, isRunning, story, until } from './support.ts'

const kills = process.env.SOAK === '1' ? 100 : 10
const streams = 16

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** Memory of a process that is in no file (Linux tells it; elsewhere it is not looked at). */
function residentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

async function pidOf(engine: Engine): Promise<number> {
  const { pid } = await engine.status()
  if (pid === undefined) throw new Error('The worker does not run.')
  return pid
}

/**
 * Starts streams, kills the worker after so many of their characters, and waits until all have settled.
 *
 * @returns how many had settled as soon as the crash was known.
 */
async function killUnderLoad(engine: Engine, characters: number, signal: AbortSignal, crashes: EventEmitter) {
  const pid = await pidOf(engine)
  let seen = 0
  let killed = false
  let settled = 0
  const settledAtCrash = once(crashes, 'crash').then(() => settled)
  const reading = Array.from({ length: streams }, async () => {
    try {
      for await (const { text } of engine.generate({ ...ask(story), ...endless, signal })) {
        seen += text.length
        if (!killed && seen >= characters) {
          killed = true
          process.kill(pid, 'SIGKILL')
        }
      }
    } finally {
      settled += 1
    }
  })
  const outcomes = await Promise.allSettled(reading)
  expect(
    outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'answered')),
  ).toEqual(Array.from({ length: streams }, () => 'WORKER_EXITED'))
  expect(isRunning(pid)).toBe(false)
  return settledAtCrash
}

test(`${kills} crashes at random moments under ${streams} streams`, { timeout: kills * 30_000 }, async () => {
  const random = randomFrom(4)
  const { signal } = new AbortController()
  const crashes = new EventEmitter()
  // Once what the failures of the calls lead to has run.
  const onWorkerExit = () => void setImmediate(() => crashes.emit('crash'))
  const engine = await createEngine({ device: 'cpu', onWorkerExit })
  await engine.loadModel({ model: 'hello' })
  const memory: { heap: number; worker: number }[] = []
  for (let kill = 0; kill < kills; kill += 1) {
    const characters = 1 + Math.floor(random() * 300 * streams)
    expect(await killUnderLoad(engine, characters, signal, crashes)).toBe(streams)
    expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    memory.push({ heap: heapBytes(), worker: residentBytes(await pidOf(engine)) })
  }
  const pid = await pidOf(engine)
  expect(await engine.status()).toMatchObject({ crashes: kills, active: 0, queued: 0 })
  await engine.dispose()
  await until(async () => !isRunning(pid))
  // The first rounds warm up: code is compiled, caches fill.
  const [warm, last] = [memory.at(3), memory.at(-1)]
  expect(last?.heap).toBeLessThan(1.05 * (warm?.heap ?? 0))
  expect(last?.worker).toBeLessThan(1.05 * (warm?.worker ?? 0) + 1)
})
