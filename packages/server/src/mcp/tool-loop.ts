import type { Chunk, GenerateOptions, Message, ToolCall, Usage } from 'mlx-app'
import type { Toolbox } from './toolbox.ts'

/** A call that the server made itself. */
export interface ToolRun {
  id: string
  server: string
  name: string
  arguments: Record<string, unknown>
  result: string
  isError: boolean
}

/** A piece of an answer, or calls that were made before it goes on. */
export interface RunChunk extends Chunk {
  toolRuns?: ToolRun[]
}

/** The part of a turn that the next one has to know. */
interface Turn {
  text: string
  reasoning: string
  toolCalls: ToolCall[]
}

/**
 * Answers with the tools of MCP servers: the model's calls are run and their results given back to it, until it
 * answers without one. After so many rounds of calls it has to answer with what it knows. The last piece counts the
 * tokens of all rounds.
 *
 * @param generate starts one round
 */
export async function* runToolLoop(
  generate: (options: GenerateOptions) => AsyncIterable<Chunk>,
  options: GenerateOptions & { messages: readonly Message[] },
  toolbox: Toolbox,
  rounds: number,
  signal: AbortSignal,
): AsyncGenerator<RunChunk, void> {
  const messages = [...options.messages]
  let spent: Usage | undefined
  for (let round = 0; ; round++) {
    const turn: Turn = { text: '', reasoning: '', toolCalls: [] }
    const toolChoice = round < rounds ? (options.toolChoice ?? 'auto') : 'none'
    // A choice that demands a call holds for the first round: else the model could never answer.
    const choice = round > 0 && toolChoice !== 'none' ? 'auto' : toolChoice
    const call = { ...options, messages, tools: toolbox.tools, toolChoice: choice }
    for await (const chunk of generate(call)) {
      const { toolCalls = [], ...rest } = chunk
      turn.text += chunk.text
      turn.reasoning += chunk.reasoning ?? ''
      turn.toolCalls.push(...toolCalls)
      if (chunk.usage === undefined) {
        yield rest
        continue
      }
      spent = addUsage(spent, chunk.usage)
      if (turn.toolCalls.length === 0) {
        yield { ...rest, usage: spent }
        return
      }
      if (chunk.text !== '' || chunk.reasoning !== undefined) {
        yield {
          text: chunk.text,
          index: chunk.index,
          ...(chunk.reasoning ? { reasoning: chunk.reasoning } : {}),
        }
      }
    }
    const toolRuns = await runToolCalls(turn.toolCalls, toolbox, signal)
    yield { text: '', index: 0, toolRuns }
    const { text: content, reasoning, toolCalls } = turn
    messages.push({ role: 'assistant', content, reasoning, toolCalls })
    for (const { id, name, result } of toolRuns) {
      messages.push({ role: 'tool', content: result, toolCallId: id, name })
    }
  }
}

/** Calls of one turn run at once. */
function runToolCalls(calls: readonly ToolCall[], toolbox: Toolbox, signal: AbortSignal): Promise<ToolRun[]> {
  return Promise.all(
    calls.map(async (call) => {
      const { server, text, isError } = await toolbox.run(call, signal)
      return { ...call, server, result: text, isError }
    }),
  )
}

function addUsage(before: Usage | undefined, usage: Usage): Usage {
  if (before === undefined) return usage
  return {
    promptTokens: before.promptTokens + usage.promptTokens,
    cachedTokens: before.cachedTokens + usage.cachedTokens,
    completionTokens: before.completionTokens + usage.completionTokens,
    reasoningTokens: before.reasoningTokens + usage.reasoningTokens,
    draftTokens: before.draftTokens + usage.draftTokens,
  }
}
