import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Burst, burstSchema } from './burst.ts'
import { python } from './workspace.ts'

interface PeerRequest {
  /** The function of mlx-lm to use. stream_generate takes one prompt. */
  how: 'stream_generate' | 'batch'
  prompts: string[]
  maxTokens: number
}

/** A Python process that runs mlx-lm and loads its model once. */
export interface MlxLmPeer extends AsyncDisposable {
  run: (request: PeerRequest) => Promise<Burst>
}

/** Starts the peer and waits until its model is loaded. */
export async function startMlxLmPeer(model: string): Promise<MlxLmPeer> {
  const script = fileURLToPath(new URL('mlx_lm_peer.py', import.meta.url))
  const child = spawn(python, [script, model], {
    // Suppresses a warning about the end token, which the benched models never produce.
    env: { ...process.env, TRANSFORMERS_VERBOSITY: 'error' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  await lines.next()
  return {
    async run(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('The mlx-lm peer exited. See its output above.')
      return burstSchema.parse(JSON.parse(value))
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
    },
  }
}
