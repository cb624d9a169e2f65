import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { EngineStatus } from 'mlx-app'
import * as z from 'zod'
import { ask, until } from '../../engine/test/engine/support.ts'
import type { TestServer } from './support.ts'

const chunkSchema = z.union([
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
  z.object({
    choices: z.array(
      z.object({ delta: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }),
    ),
  }),
])

const answerSchema = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]),
  usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int() }),
})

/** What a client has of a streamed chat. */
export interface Streamed {
  text: string
  finishReason: string | undefined
  /** The code of an error event. */
  error: string | undefined
  /** Whether `[DONE]` came. */
  done: boolean
}

/** Options of an answer that doesn't end by itself: the tokens that end one are out of the question. */
export const endless = { max_tokens: 100_000, logit_bias: { '0': -100, '1': -100, '2': -100 } }

/** The body of a question to the chat API. */
export function chat(question: string, options: Record<string, unknown> = {}) {
  return { model: 'hello', ...ask(question), ...options }
}

/** Reads an answer that was not streamed. */
export async function readAnswer(response: Response) {
  const { choices, usage } = answerSchema.parse(await response.json())
  return { text: choices[0].message.content, usage }
}

/** Reads a streamed chat to its end; `onText` hears of each piece. */
export async function readChat(response: Response, onText: () => void = () => undefined): Promise<Streamed> {
  if (response.body === null) throw new Error('The answer has no body.')
  const streamed: Streamed = { text: '', finishReason: undefined, error: undefined, done: false }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  for await (const { data } of events) {
    if (data === '[DONE]') {
      streamed.done = true
      continue
    }
    const chunk = chunkSchema.parse(JSON.parse(data))
    if ('error' in chunk) streamed.error = chunk.error.code
    else {
      const [choice] = chunk.choices
      streamed.text += choice?.delta.content ?? ''
      streamed.finishReason = choice?.finish_reason ?? streamed.finishReason
      if (choice?.delta.content) onText()
    }
  }
  return streamed
}

/** Streams the answer to a question. */
export async function stream(
  server: TestServer,
  question: string,
  {
    onText,
    signal,
    ...options
  }: { onText?: () => void; signal?: AbortSignal } & Record<string, unknown> = {},
): Promise<Streamed> {
  const body = chat(question, { ...options, stream: true })
  const response = await server.post('/v1/chat/completions', body, signal ? { signal } : {})
  return readChat(response, onText)
}

/**
 * Reads a streamed chat on while the test goes on. Resolves with its first text; an answer that fails before it has
 * any is whole at once.
 */
export async function beginning(response: Response): Promise<{ whole: Promise<Streamed> }> {
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const whole = readChat(response, begin)
  await Promise.race([begun, whole])
  return { whole }
}

/** What the worker of a server says of itself. */
export async function engineStatus(server: TestServer): Promise<EngineStatus> {
  const status = await server.services.engineService.status(30_000)
  if (status === undefined) throw new Error('The worker does not answer.')
  return status
}

/** Resolves once nothing is under way, neither in the server nor in the worker. */
export async function untilIdle(server: TestServer): Promise<void> {
  await until(async () => {
    const { active, queued } = await engineStatus(server)
    return active === 0 && queued === 0 && server.services.generations.active === 0
  })
}

/** The process id of the worker. */
export async function workerPid(server: TestServer): Promise<number> {
  const { pid } = await engineStatus(server)
  if (pid === undefined) throw new Error('The worker does not run.')
  return pid
}
