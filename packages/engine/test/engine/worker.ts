import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import { workerLaunch } from '../../src/engine/local/worker-launch.ts'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'
import { eventSchema, type WorkerEvent } from '../../src/engine/protocol.ts'
import { ask } from './support.ts'

/** The worker without the engine, so that it can be told what the engine never would. */
export async function withWorker(
  use: (say: (line: string | Buffer) => void, events: AsyncIterator<WorkerEvent>) => Promise<void>,
): Promise<void> {
  const project = findProject(import.meta.dirname)
  const launch = workerLaunch(project, findInterpreter(project), { device: 'cpu' })
  const child = spawn(launch.command, launch.arguments, {
    env: launch.environment,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  async function* read() {
    for await (const line of createInterface(child.stdout)) {
      const event = eventSchema.parse(JSON.parse(line))
      // They come by the clock.
      if (event.type !== 'heartbeat') yield event
    }
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

export async function next(events: AsyncIterator<WorkerEvent>): Promise<WorkerEvent> {
  const { value, done } = await events.next()
  if (done === true) throw new Error('The worker ended.')
  return value
}

/** A good call in the midst of the bad ones: the worker answers it as if nothing had been. */
export async function goodCall(id: number, say: (line: string) => void, events: AsyncIterator<WorkerEvent>) {
  say(JSON.stringify({ type: 'generate', id, model: 'hello', ...ask('Say hello.') }))
  let text = ''
  for (;;) {
    const event = await next(events)
    if (event.type === 'tokens') text += event.pieces.map((piece) => piece.text).join('')
    else if (event.type === 'done') return text
    else throw new Error(`unexpected: ${JSON.stringify(event)}`)
  }
}
