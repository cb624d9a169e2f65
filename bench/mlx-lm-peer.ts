import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Burst, burstSchema } from './burst.ts'
import { python } from './workspace.ts'

interface Question {
  /** With stream_generate there is one prompt. */
  how: 'stream_generate' | 'batch'
  prompts: string[]
  maxTokens: number
}

/** mlx-lm in a Python process of its own, that loads the model once. */
export interface MlxLmPeer extends AsyncDisposable {
  ask: (question: Question) => Promise<Burst>
}

/** Starts the peer and waits until its model is there. */
export async function startMlxLmPeer(model: string): Promise<MlxLmPeer> {
  const script = fileURLToPath(new URL('mlx_lm_peer.py', import.meta.url))
  const child = spawn(python, [script, model], {
    // It warns of the end token that a measured model has no output for.
    env: { ...process.env, TRANSFORMERS_VERBOSITY: 'error' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  await lines.next()
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('The mlx-lm peer ended; what it said stands above.')
      return burstSchema.parse(JSON.parse(value))
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
    },
  }
}
