import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEngine, type Engine } from '../../src/engine/index.ts'
import {
  answerTo,
  ask,
  endless,
  helloDirectory,
  isRunning,
  makeEndlessModel,
  story,
  textOf,
  until,
  useFolder,
} from './support.ts'

const folder = useFolder()
let engine: Engine
beforeEach(async () => {
  engine = await createEngine({ device: 'cpu' })
  await engine.loadModel({ model: 'hello' })
})
afterEach(() => engine.dispose())

async function workerPid(): Promise<number> {
  const { pid } = await engine.status()
  if (pid === undefined) throw new Error('The worker does not run.')
  return pid
}

async function kill(): Promise<void> {
  process.kill(await workerPid(), 'SIGKILL')
  await until(async () => (await engine.status().catch(() => ({ worker: '' }))).worker === 'stopped')
}

test('a crash during 16 streams: each fails once, the next call works, the model is loaded again', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  const pid = await workerPid()
  const iterators = Array.from({ length: 16 }, () =>
    engine.generate({ ...ask(story), ...endless })[Symbol.asyncIterator](),
  )
  await Promise.all(iterators.map((iterator) => iterator.next()))
  process.kill(pid, 'SIGKILL')
  const outcomes = iterators.map(async (iterator) => {
    while (!(await iterator.next()).done);
  })
  for (const outcome of await Promise.allSettled(outcomes)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'WORKER_EXITED' } })
  }
  for (const iterator of iterators) expect(await iterator.next()).toMatchObject({ done: true })
  expect(await textOf(engine.generate(ask(story)))).toBe(answerTo(story))
  const status = await engine.status()
  expect(status).toMatchObject({ worker: 'ready', crashes: 1, active: 0, queued: 0 })
  expect(status.models.map(({ model }) => model)).toEqual(['hello'])
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

test('a model that was loaded from a path is loaded again too', async () => {
  const path = join(helloDirectory, '.')
  await engine.loadModel({ model: path })
  await kill()
  await engine.complete(ask('Say hello.'))
  expect((await engine.status()).models.map(({ model }) => model).sort()).toEqual([path, 'hello'].sort())
})

test('status reports a stopped worker, and starts none', async () => {
  await kill()
  expect(await engine.status()).toMatchObject({ worker: 'stopped', pid: undefined, crashes: 1, models: [] })
  expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
})

describe('crashes in a row', () => {
  async function crash(): Promise<void> {
    const call = engine.complete({ ...ask(story), ...endless }).catch((error: unknown) => error)
    process.kill(await workerPid(), 'SIGKILL')
    expect(await call).toMatchObject({ code: 'WORKER_EXITED' })
  }

  test('after three, the worker is not restarted until the next loadModel, and the error says why', async () => {
    for (const _ of [1, 2, 3]) await crash()
    for (const _ of [1, 2]) {
      const error = await engine.complete(ask(story)).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'WORKER_EXITED' })
      expect(error).toHaveProperty('message', expect.stringMatching(/3 times in a row.*SIGKILL/))
      expect(error).toHaveProperty('hint', expect.stringContaining('loadModel'))
    }
    expect(await engine.status()).toMatchObject({ worker: 'stopped', crashes: 3 })
    await engine.loadModel({ model: 'hello' })
    expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
  })

  test('a completed call resets the count', async () => {
    for (const _ of [1, 2, 3, 4]) {
      await crash()
      await engine.complete(ask('Say hello.'))
    }
    expect(await engine.status()).toMatchObject({ worker: 'ready', crashes: 4 })
  })
})

describe('dispose', () => {
  test('during streams: they fail once with DISPOSED, and the process ends', async () => {
    const pid = await workerPid()
    const call = { ...ask(story), ...endless }
    const streams = Promise.allSettled(Array.from({ length: 8 }, () => engine.complete(call)))
    await until(async () => (await engine.status()).active === 8)
    await engine.dispose()
    expect(isRunning(pid)).toBe(false)
    for (const outcome of await streams) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'DISPOSED' } })
    }
  })

  test('during a load', async () => {
    const pid = await workerPid()
    const endless = makeEndlessModel(folder.path)
    const loading = engine.loadModel({ model: endless.path })
    const outcome = expect(loading).rejects.toMatchObject({ code: 'DISPOSED' })
    const pipe = await endless.opened()
    await engine.dispose()
    await pipe.close()
    await outcome
    expect(isRunning(pid)).toBe(false)
  })

  test('a second time does nothing; a call after it fails', async () => {
    await engine.dispose()
    await engine.dispose()
    await expect(engine.complete(ask(story))).rejects.toMatchObject({ code: 'DISPOSED' })
    await expect(engine.loadModel()).rejects.toMatchObject({ code: 'DISPOSED' })
  })

  test('happens at the end of a block with await using', async () => {
    let pid: number
    {
      await using other = await createEngine({ device: 'cpu' })
      pid = (await other.status()).pid ?? 0
      expect(isRunning(pid)).toBe(true)
    }
    expect(isRunning(pid)).toBe(false)
  })
})
