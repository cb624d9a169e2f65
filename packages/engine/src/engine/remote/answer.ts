import { EngineError } from '../errors.ts'
import type { PromptProgress } from '../options.ts'
import type { Chunk, Timings, Usage } from '../results.ts'
import { tokensPerSecond } from '../token-rate.ts'
import type { Client, StreamItem } from './client.ts'
import { invalidResponse, parseErrorBody, redact } from './failures.ts'
import { pieceSchema, type RemoteUsage } from './response-schemas.ts'
import { Sequence } from './sequence.ts'

export interface AnswerOptions {
  /** The name that was asked for; the server may tell another. */
  model: string
  sequences: number
  /** Stop strings that the server doesn't look for. */
  stop: readonly string[]
  onPromptProgress: ((progress: PromptProgress) => void) | undefined
}

/** mlx_lm.server tells how far it read the prompt in comments. */
const progressComment = /^\s*keepalive (\d+)\/(\d+)$/

/**
 * A stream of events as the chunks of an answer.
 *
 * @throws EngineError REMOTE_FAILED where the stream ends before its sequences do, or brings what is no answer.
 */
export async function* readAnswer(
  client: Client,
  items: AsyncIterable<StreamItem>,
  options: AnswerOptions,
): AsyncGenerator<Chunk, void, undefined> {
  const started = performance.now()
  const sequences = Array.from({ length: options.sequences }, (_, index) => new Sequence(index, options.stop))
  const ended = () => sequences.every(({ finished }) => finished)
  let { model } = options
  let usage = noUsage
  let firstAt: number | undefined
  let lastAt = started
  let last: Chunk | undefined
  for await (const item of items) {
    if ('comment' in item) {
      reportProgress(item.comment, options.onPromptProgress)
      continue
    }
    if (item.data === '[DONE]') break
    const piece = client.parse(item.data, pieceSchema)
    if (piece.error !== undefined && piece.error !== null) {
      const { message } = parseErrorBody(JSON.stringify({ error: piece.error }))
      throw invalidResponse(client.remote, `broke the answer off: ${redact(client.remote, message)}`)
    }
    model = piece.model ?? model
    if (piece.usage) usage = toUsage(piece.usage)
    if (piece.prompt_progress) {
      const { processed: processedTokens, total: totalTokens } = piece.prompt_progress
      options.onPromptProgress?.({ processedTokens, totalTokens })
    }
    for (const choice of piece.choices ?? []) {
      const sequence = sequences[choice.index ?? 0]
      if (sequence === undefined) throw invalidResponse(client.remote, 'sent a text that nobody asked for.')
      const chunk = sequence.add(choice)
      if (chunk === undefined) continue
      lastAt = performance.now()
      firstAt ??= lastAt
      // The last one waits for the usage, which comes behind it.
      if (ended()) last = chunk
      else yield chunk
    }
    // A stop string that only the engine looks for: the server would go on.
    if (ended() && options.stop.length > 0 && piece.choices?.every(({ finish_reason: end }) => !end)) break
  }
  if (last === undefined) {
    throw new EngineError(
      'REMOTE_FAILED',
      `${client.remote.baseUrl} ended the stream in the middle of the answer.`,
      {
        hint: 'The server, or a proxy in front of it, went away or gave up: look into its log, and try again.',
      },
    )
  }
  yield { ...last, usage, timings: measureTimings(started, firstAt ?? lastAt, lastAt, usage), model }
}

/** Where a server does not say, or was left before it could. */
const noUsage: Usage = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  draftTokens: 0,
}

function toUsage(usage: RemoteUsage): Usage {
  const { prompt_tokens_details: prompt, completion_tokens_details: completion } = usage
  return {
    promptTokens: usage.prompt_tokens,
    cachedTokens: prompt?.cached_tokens ?? 0,
    completionTokens: usage.completion_tokens,
    reasoningTokens: completion?.reasoning_tokens ?? 0,
    draftTokens: completion?.accepted_prediction_tokens ?? 0,
  }
}

/** As the caller sees them, the network in between. */
function measureTimings(started: number, firstAt: number, lastAt: number, usage: Usage): Timings {
  return {
    ttftMs: firstAt - started,
    totalMs: performance.now() - started,
    queueMs: 0,
    tokensPerSecond: tokensPerSecond(usage.completionTokens - 1, lastAt - firstAt),
    promptTokensPerSecond: tokensPerSecond(usage.promptTokens - usage.cachedTokens, firstAt - started),
  }
}

function reportProgress(comment: string, onPromptProgress: AnswerOptions['onPromptProgress']): void {
  const numbers = progressComment.exec(comment)
  if (numbers === null) return
  onPromptProgress?.({ processedTokens: Number(numbers[1]), totalTokens: Number(numbers[2]) })
}
