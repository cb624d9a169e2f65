import { EngineError } from '../errors.ts'
import type { PromptProgress } from '../options.ts'
import type { Chunk, Timings, Usage } from '../results.ts'
import { tokensPerSecond } from '../token-rate.ts'
import type { Client, StreamItem } from './client.ts'
import { invalidResponse, parseErrorBody, redact } from './failures.ts'
import { pieceSchema, type RemoteUsage } from './response-schemas.ts'
import { Sequence } from './sequence.ts'

export interface AnswerOptions {
  /** The model of the request. The server may name another one in its answer. */
  model: string
  sequences: number
  /** The stop strings that the server doesn't handle. */
  stop: readonly string[]
  onPromptProgress: ((progress: PromptProgress) => void) | undefined
}

/** A comment in which mlx_lm.server reports the progress of the prompt. */
const progressComment = /^\s*keepalive (\d+)\/(\d+)$/

/**
 * Converts a stream of events to the chunks of an answer.
 *
 * @throws EngineError REMOTE_FAILED if the stream ends before its sequences do, or has an invalid event.
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
      throw invalidResponse(client.remote, `interrupted the answer: ${redact(client.remote, message)}`)
    }
    model = piece.model ?? model
    if (piece.usage) usage = toUsage(piece.usage)
    if (piece.prompt_progress) {
      const { processed: processedTokens, total: totalTokens } = piece.prompt_progress
      options.onPromptProgress?.({ processedTokens, totalTokens })
    }
    for (const choice of piece.choices ?? []) {
      const sequence = sequences[choice.index ?? 0]
      if (sequence === undefined)
        throw invalidResponse(client.remote, 'sent a sequence that was not requested.')
      const chunk = sequence.add(choice)
      if (chunk === undefined) continue
      lastAt = performance.now()
      firstAt ??= lastAt
      // The last chunk waits for the usage, which comes after it.
      if (ended()) last = chunk
      else yield chunk
    }
    // A stop string that only the engine handles has ended the text, and the server would go on.
    if (ended() && options.stop.length > 0 && piece.choices?.every(({ finish_reason: end }) => !end)) break
  }
  if (last === undefined) {
    throw new EngineError(
      'REMOTE_FAILED',
      `${client.remote.baseUrl} ended the stream in the middle of the answer.`,
      {
        hint: 'The server or a proxy in front of it may have stopped. Check its log, and try again.',
      },
    )
  }
  yield { ...last, usage, timings: measureTimings(started, firstAt ?? lastAt, lastAt, usage), model }
}

/** The usage if the server doesn't send it, or if the stream was left before it did. */
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

/** Returns the timings as the caller sees them, including the network. */
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
