import { z } from '@hono/zod-openapi'
import { type Answer, type Chunk, collect, type GenerateOptions, type Message } from 'mlx-app'
import type { Caller } from '../caller.ts'
import type { Services } from '../context.ts'
import { invalid } from '../errors.ts'
import { type RunChunk, runToolLoop, type ToolRun } from './tool-loop.ts'

/** The field of a request that names the servers whose tools it may use. */
export const mcpServersField = z
  .array(z.string())
  .max(32)
  .nullish()
  .meta({
    description:
      'MCP servers of `GET /api/mcp` whose tools the model may use. This server runs the calls itself and tells them in ' +
      '`mcp_calls`; not with `tools`, nor with `n` above 1.',
  })

/** The field of an answer, or of a chunk, that tells the calls that were made. */
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
  .meta({ description: 'Calls to MCP tools that were made for this answer.' })

export function toMcpCalls(runs: readonly ToolRun[]) {
  return runs.map(({ isError, ...run }) => ({ ...run, is_error: isError }))
}

type Call = GenerateOptions & { messages: readonly Message[] }

/** Streams the answer to a call, with all its rounds. */
export type StreamAnswer = (more?: Pick<GenerateOptions, 'onPromptProgress'>) => AsyncIterable<RunChunk>

/**
 * How a call is answered: in one round, or with the tools of the MCP servers that it names.
 *
 * @throws ApiError 400 where they can't be used, 503 where one of them can't be reached.
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
  if (mcp === undefined) throw invalid(`${field}: this server has none; see MCP_CONFIG.`, field)
  if ((call.tools ?? []).length > 0) throw invalid(`${field}: leave tools out, or this.`, field)
  if ((call.n ?? 1) > 1) throw invalid(`${field}: n must be 1 with it.`, field)
  const toolbox = await mcp.open(servers, signal)
  return (more) => runToolLoop(generate, { ...call, ...more }, toolbox, settings.mcpRounds, signal)
}

/** Reads a stream with the calls that were made in it. */
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
