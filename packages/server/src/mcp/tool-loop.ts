import type { Chunk, GenerateOptions, Message, ToolCall, Usage } from 'mlx-app'
import type { Toolbox } from './toolbox.ts'

/** A tool call that the server ran. */
export interface ToolRun {
  id: string
  server: string
  name: string
  arguments: Record<string, unknown>
  result: string
  isError: boolean
}

/** A chunk of an answer, or tool calls that ran before the answer continues. */
export interface RunChunk extends Chunk {
  toolRuns?: ToolRun[]
}

/** What the next round needs to know about the previous one. */
interface Round {
  text: string
  reasoning: string
  toolCalls: ToolCall[]
}

/**
 * Answers with the tools of MCP servers. It runs the model's tool calls and returns their results to the model until
 * the model answers without a call. After `rounds` rounds, the model must answer without tools. The usage of the last
 * chunk covers all rounds.
 *
 * @param generate starts one round.
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
    const turn: Round = { text: '', reasoning: '', toolCalls: [] }
    const toolChoice = round < rounds ? (options.toolChoice ?? 'auto') : 'none'
    // A choice that requires a call applies only to the first round. Otherwise the model could never answer.
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

/** Runs the calls of one round concurrently. */
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
