import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import * as z from 'zod'
import { freePort } from '../templates/engine/test/engine/maintainers/free-port.ts'
import type { Burst } from './burst.ts'
import { python } from './workshop.ts'

const eventSchema = z.object({
  choices: z.array(
    z.object({ text: z.string().optional(), delta: z.object({ content: z.string().nullish() }).optional() }),
  ),
  usage: z.object({ completion_tokens: z.int() }).nullish(),
})

/** The body of a request to `/v1/completions`, or with `messages` to `/v1/chat/completions`. */
export type Body = { max_tokens: number; logit_bias?: Record<string, number> } & (
  | { prompt: string }
  | { messages: { role: string; content: string }[] }
)

/** The real mlx_lm.server with one model. */
export interface MlxLmServer extends AsyncDisposable {
  pid: number
  /** Streams one answer; `onText` hears of each piece of its text. */
  stream: (
    body: Body,
    options?: { signal?: AbortSignal; onText?: () => void },
  ) => Promise<{ text: string; tokens: number }>
  /** Runs calls together. */
  burst: (bodies: readonly Body[]) => Promise<Burst>
}

/** Starts the server on a free port and waits until it listens. */
export async function startMlxLmServer(workshop: string, model: string): Promise<MlxLmServer> {
  // It lists what lies in the cache of the hub, which is nobody's business here.
  const cache = join(workshop, 'empty-cache')
  await mkdir(join(cache, 'hub'), { recursive: true })
  const port = await freePort()
  const child = spawn(python, ['-m', 'mlx_lm', 'server', '--model', model, '--port', String(port)], {
    env: { ...process.env, HF_HOME: cache, HF_HUB_CACHE: join(cache, 'hub'), HF_HUB_OFFLINE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exit = once(child, 'exit')
  const log: string[] = []
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      if (line.includes('Starting httpd')) resolve()
      log.push(line)
    })
    exit.then(() => reject(new Error(`mlx_lm.server ended: ${log.slice(-20).join('\n')}`)))
  })
  const { pid } = child
  if (pid === undefined) throw new Error('mlx_lm.server did not start.')
  const stream: MlxLmServer['stream'] = async (body, { signal, onText } = {}) => {
    const path = 'messages' in body ? 'chat/completions' : 'completions'
    const response = await fetch(`http://127.0.0.1:${port}/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
      signal: signal ?? null,
    })
    if (!response.ok || response.body === null) {
      throw new Error(`mlx_lm.server answered ${response.status}: ${await response.text()}`)
    }
    let text = ''
    let tokens = 0
    for await (const line of linesOf(response.body)) {
      if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
      const { choices, usage } = eventSchema.parse(JSON.parse(line.slice('data: '.length)))
      const piece = choices.map((choice) => choice.text ?? choice.delta?.content ?? '').join('')
      text += piece
      if (piece !== '') onText?.()
      tokens = usage?.completion_tokens ?? tokens
    }
    return { text, tokens }
  }
  return {
    pid,
    stream,
    async burst(bodies) {
      const started = performance.now()
      const streams = await Promise.all(
        bodies.map(async (body) => {
          let [firstMs, lastMs] = [0, 0]
          const onText = () => {
            lastMs = performance.now() - started
            firstMs ||= lastMs
          }
          const { tokens } = await stream(body, { onText })
          return { firstMs, lastMs, tokens }
        }),
      )
      return { totalMs: performance.now() - started, streams }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const block of body) {
    const lines = (rest + decoder.decode(block, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
