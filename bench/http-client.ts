import { z } from 'zod'
import type { Burst } from './burst.ts'

/** The body of a request to `/v1/completions`, or with `messages` to `/v1/chat/completions`. */
export type Body = { model?: string; max_tokens: number; logit_bias?: Record<string, number> } & (
  | { prompt: string }
  | { messages: { role: string; content: string }[] }
)

/** Asks an OpenAI-compatible server: the same client for each of them. */
export interface HttpClient {
  /** Streams one answer; `onText` hears of each piece of its text. */
  stream: (
    body: Body,
    options?: { signal?: AbortSignal; onText?: () => void },
  ) => Promise<{ text: string; tokens: number }>
  /** Runs calls together. */
  burst: (bodies: readonly Body[]) => Promise<Burst>
}

const eventSchema = z.object({
  choices: z.array(
    z.object({ text: z.string().optional(), delta: z.object({ content: z.string().nullish() }).optional() }),
  ),
  usage: z.object({ completion_tokens: z.int() }).nullish(),
})

/** @param baseUrl as `http://127.0.0.1:8080/v1` */
export function httpClient(baseUrl: string): HttpClient {
  const stream: HttpClient['stream'] = async (body, { signal, onText } = {}) => {
    const path = 'messages' in body ? 'chat/completions' : 'completions'
    const response = await fetch(`${baseUrl}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
      signal: signal ?? null,
    })
    if (!response.ok || response.body === null) {
      throw new Error(`${baseUrl} answered ${response.status}: ${await response.text()}`)
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
