import type { Chunk, FinishReason, TokenLogprob } from '../results.ts'
import type { Choice } from './response-schemas.ts'
import { StopStrings } from './stop-strings.ts'
import { appendCalls, type ParsedCalls, ToolCallAssembly } from './tool-calls.ts'

/** The finish reasons by the names that servers have for them. */
const finishReasons: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['eos_token', 'stop'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
])

/** One of the `n` sequences of an answer, assembled from a stream. */
export class Sequence {
  readonly #index: number
  readonly #stop: StopStrings
  readonly #calls = new ToolCallAssembly()
  #finished = false

  /** @param stop the stop strings that the server doesn't handle */
  constructor(index: number, stop: readonly string[]) {
    this.#index = index
    this.#stop = new StopStrings(stop)
  }

  get finished(): boolean {
    return this.#finished
  }

  /** Returns what a piece of the stream adds, or undefined if that is nothing. */
  add(choice: Choice): Chunk | undefined {
    if (this.#finished) return undefined
    const { delta, finish_reason: end } = choice
    const found = this.#stop.add(choice.text ?? delta?.content ?? delta?.refusal ?? '')
    const reasoning = delta?.reasoning ?? delta?.reasoning_content ?? ''
    const calls = this.#calls.add(delta?.tool_calls ?? [])
    let { text } = found
    let finishReason: FinishReason | undefined
    if (found.stopString !== undefined) finishReason = 'stop'
    else if (typeof end === 'string') {
      text += this.#stop.rest()
      appendCalls(calls, this.#calls.end())
      finishReason = this.#reasonOf(end, calls)
    }
    this.#finished = finishReason !== undefined
    const logprobs = logprobsOf(choice)
    const nothing =
      text === '' && reasoning === '' && logprobs.length === 0 && finishReason === undefined && isEmpty(calls)
    if (nothing) return undefined
    return {
      text,
      index: this.#index,
      ...(reasoning === '' ? {} : { reasoning }),
      ...(logprobs.length === 0 ? {} : { logprobs }),
      ...(calls.toolCalls.length === 0 ? {} : { toolCalls: calls.toolCalls }),
      ...(calls.toolErrors.length === 0 ? {} : { toolErrors: calls.toolErrors }),
      ...(finishReason === undefined ? {} : { finishReason }),
      ...(finishReason === 'other' && end ? { rawFinishReason: end } : {}),
      ...(found.stopString === undefined ? {} : { stopString: found.stopString }),
    }
  }

  #reasonOf(end: string, calls: ParsedCalls): FinishReason {
    const reason = finishReasons.get(end) ?? 'other'
    if (reason === 'tool_calls' && this.#calls.count === 0) {
      const message = 'The server announced a call, but sent none.'
      calls.toolErrors.push({ raw: '', message })
    }
    return reason === 'stop' && this.#calls.count > 0 ? 'tool_calls' : reason
  }
}

function logprobsOf({ logprobs }: Choice): TokenLogprob[] {
  return (logprobs?.content ?? []).map(({ token, bytes, id, logprob, top_logprobs: top }) => ({
    ...entry(token, bytes, id, logprob),
    top: (top ?? []).map((other) => entry(other.token, other.bytes, other.id, other.logprob)),
  }))
}

/** Returns a token with its id, or -1 if the server sends none, as in OpenAI's API. */
const encoder = new TextEncoder()

function entry(
  token: string,
  bytes: number[] | null | undefined,
  id: number | null | undefined,
  logprob: number,
) {
  return { token, bytes: bytes ?? [...encoder.encode(token)], tokenId: id ?? -1, logprob }
}

function isEmpty({ toolCalls, toolErrors }: ParsedCalls): boolean {
  return toolCalls.length === 0 && toolErrors.length === 0
}
