/** A screen for programs with windows, where the machine has none. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { program } from './programs/find.ts'

export interface Display extends AsyncDisposable {
  /** What programs need in their environment. */
  environment: NodeJS.ProcessEnv
}

/** Starts Xvfb unless the machine has a screen. */
export async function startDisplay(): Promise<Display> {
  const { DISPLAY } = process.env
  if (process.platform !== 'linux') return { environment: {}, [Symbol.asyncDispose]: async () => {} }
  if (DISPLAY) return { environment: { DISPLAY }, [Symbol.asyncDispose]: async () => {} }
  const flags = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp']
  const server = spawn(program('Xvfb'), flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const ended = once(server, 'exit')
  const output = server.stdio[3]
  if (!(output instanceof Readable)) throw new Error('Xvfb has no output.')
  // It writes the number of the display once programs can connect.
  const lines = createInterface(output)
  const [number] = await Promise.race([once(lines, 'line'), ended.then(() => [])])
  if (number === undefined) throw new Error('Xvfb ended before it had a display.')
  return {
    environment: { DISPLAY: `:${number}` },
    async [Symbol.asyncDispose]() {
      server.kill()
      await ended
    },
  }
}
