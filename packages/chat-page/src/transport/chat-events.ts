import type { EventSourceMessage } from 'eventsource-parser'
import { type ChatEvent, type Timings, TransportError, type Usage } from './transport.ts'
import { chunkSchema, errorSchema, type WireChunk } from './wire.ts'

/**
 * Converts the chunks of a streamed chat completion to events of the page. Only `[DONE]` marks a complete answer,
 * because a lost connection looks like a closed one.
 *
 * @throws TransportError for an error event, an invalid chunk, or a stream without an end.
 */
export async function* chatEvents(messages: AsyncIterable<EventSourceMessage>): AsyncGenerator<ChatEvent> {
  let finishReason = 'stop'
  let usage: Usage | undefined
  let timings: Timings | undefined
  let isComplete = false
  for await (const { data } of messages) {
    // The stream is read to its end, because the server would log a request that was cancelled.
    if (isComplete) continue
    if (data === '[DONE]') {
      isComplete = true
      yield { type: 'end', finishReason, usage, timings }
      continue
    }
    const chunk = parseChunk(data)
    const choice = chunk.choices[0]
    if (chunk.prompt_progress) {
      const { processed, total } = chunk.prompt_progress
      yield { type: 'prompt', processedTokens: processed, totalTokens: total }
    }
    if (chunk.mcp_calls) {
      yield {
        type: 'calls',
        calls: chunk.mcp_calls.map(({ is_error: failed, ...call }) => ({ ...call, failed })),
      }
    }
    const reasoning = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning
    if (reasoning) yield { type: 'reasoning', text: reasoning }
    if (choice?.delta?.content) yield { type: 'text', text: choice.delta.content }
    if (choice?.finish_reason) finishReason = choice.finish_reason
    if (chunk.usage) {
      usage = { promptTokens: chunk.usage.prompt_tokens, completionTokens: chunk.usage.completion_tokens }
    }
    if (chunk.timings) {
      timings = { ttftMs: chunk.timings.ttft_ms, tokensPerSecond: chunk.timings.tokens_per_second }
    }
  }
  if (!isComplete) throw new TransportError('The connection was lost before the answer was complete.')
}

/**
 * Parses the data of an event.
 *
 * @throws TransportError with the server's message if the data is an error.
 */
export function parseEventData(data: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw new TransportError('The server sent invalid JSON.', { cause })
  }
  const failure = errorSchema.safeParse(value)
  if (failure.success) throw new TransportError(failure.data.error.message)
  return value
}

function parseChunk(data: string): WireChunk {
  const chunk = chunkSchema.safeParse(parseEventData(data))
  if (!chunk.success) {
    throw new TransportError('The server sent an invalid chunk of an answer.', {
      cause: chunk.error,
    })
  }
  return chunk.data
}
