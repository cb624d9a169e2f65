import type { Burst } from './burst.ts'

/** The body of a request to `/v1/completions`, or to `/v1/chat/completions` if it has `messages`. */
export type Body = { model?: string; max_tokens: number; logit_bias?: Record<string, number> } & (
  | { prompt: string }
  | { messages: { role: string; content: string }[] }
)

/** A client for any OpenAI-compatible server. */
export interface HttpClient {
  /** Streams one answer and calls `onText` for each chunk with text. */
  stream: (
    body: Body,
    options?: { signal?: AbortSignal; onText?: () => void },
  ) => Promise<{ text: string; tokens: number }>
  /** Runs requests concurrently. */
  burst: (bodies: readonly Body[]) => Promise<Burst>
}

/** The part of an event that is used. Validating each event would take as long as the server's own work. */
interface Event {
  choices: { text?: string; delta?: { content?: string | null } }[]
  usage?: { completion_tokens: number } | null
}

/** Creates a client. @param baseUrl such as `http://127.0.0.1:8080/v1` */
export function httpClient(baseUrl: string): HttpClient {
  const stream: HttpClient['stream'] = async (body, { signal, onText } = {}) => {
    const path = 'messages' in body ? 'chat/completions' : 'completions'
    const response = await fetchWithRetries(`${baseUrl}/${path}`, {
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
      // Does as little as possible, because the client and the server share the cores.
      if (!line.startsWith('data: {')) continue
      const { choices, usage }: Event = JSON.parse(line.slice('data: '.length))
      const piece = choices[0]?.text ?? choices[0]?.delta?.content ?? ''
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

/** Retries refused and reset connections, as clients do. mlx_lm.server only queues five connections. */
async function fetchWithRetries(url: string, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch(url, init)
    } catch (error) {
      if (attempt === 10 || init.signal?.aborted) throw error
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt))
    }
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
