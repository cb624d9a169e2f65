import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type Burst, burstSchema } from './burst.ts'
import { python } from './workspace.ts'

/** A Python process that loads a model once and measures each request. */
export interface Peer<Request> extends AsyncDisposable {
  run: (request: Request) => Promise<Burst>
}

/**
 * Starts a script that answers each line of JSON with a line of measurements, and waits until it has loaded its model.
 *
 * @param environment variables in addition to those of this process
 */
export async function startPeer<Request>(
  script: string,
  model: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Peer<Request>> {
  const child = spawn(python, [script, model], {
    // Suppresses a warning about the end token, which the benched models never produce.
    env: { ...process.env, TRANSFORMERS_VERBOSITY: 'error', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  await lines.next()
  return {
    async run(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`${script} exited. See its output above.`)
      return burstSchema.parse(JSON.parse(value))
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
    },
  }
}
