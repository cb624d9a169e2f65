import { z } from '@hono/zod-openapi'
import { type Answer, type Chunk, collect, type GenerateOptions, type Message } from 'mlx-app'
import type { Caller } from '../caller.ts'
import type { Services } from '../context.ts'
import { invalid } from '../errors.ts'
import { type RunChunk, runToolLoop, type ToolRun } from './tool-loop.ts'

/** The request field that selects MCP servers. */
export const mcpServersField = z
  .array(z.string())
  .max(32)
  .nullish()
  .meta({
    description:
      'MCP servers from `GET /api/mcp` whose tools the model can call. The server runs the calls and reports them in ' +
      '`mcp_calls`. Cannot be combined with `tools`, or with `n` above 1.',
  })

/** The field of an answer or a chunk that reports the tool calls that ran. */
export const mcpCallsField = z
  .array(
    z.object({
      id: z.string(),
      server: z.string(),
      name: z.string(),
      arguments: z.record(z.string(), z.unknown()),
      result: z.string(),
      is_error: z.boolean(),
    }),
  )
  .optional()
  .meta({ description: 'The MCP tool calls that ran for this answer.' })

export function toMcpCalls(runs: readonly ToolRun[]) {
  return runs.map(({ isError, ...run }) => ({ ...run, is_error: isError }))
}

type Call = GenerateOptions & { messages: readonly Message[] }

/** Streams the answer to a request, tool rounds included. */
export type StreamAnswer = (more?: Pick<GenerateOptions, 'onPromptProgress'>) => AsyncIterable<RunChunk>

/**
 * Prepares the answer to a request, with the tools of the MCP servers that it selects, if any.
 *
 * @throws ApiError 400 if the servers cannot be used, 503 if one cannot be reached.
 */
export async function prepareStream(
  { generations, mcp, settings }: Services,
  caller: Caller,
  call: Call,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<StreamAnswer> {
  const generate = (options: GenerateOptions) => generations.stream(caller, options, signal)
  if (servers.length === 0) return (more) => generate({ ...call, ...more })
  const field = 'mcp_servers'
  if (mcp === undefined)
    throw invalid(`${field}: this server has no MCP servers. Set MCP_CONFIG to add some.`, field)
  if ((call.tools ?? []).length > 0) throw invalid(`${field}: cannot be combined with tools.`, field)
  if ((call.n ?? 1) > 1) throw invalid(`${field}: n must be 1 when ${field} is set.`, field)
  const toolbox = await mcp.open(servers, signal)
  return (more) => runToolLoop(generate, { ...call, ...more }, toolbox, settings.mcpRounds, signal)
}

/** Collects a stream into an answer and the tool calls that ran for it. */
export async function collectToolRuns(
  chunks: AsyncIterable<RunChunk>,
): Promise<{ answer: Answer; runs: ToolRun[] }> {
  const runs: ToolRun[] = []
  async function* plain(): AsyncGenerator<Chunk, void> {
    for await (const { toolRuns, ...chunk } of chunks) {
      if (toolRuns === undefined) yield chunk
      else runs.push(...toolRuns)
    }
  }
  return { answer: await collect(plain()), runs }
}
