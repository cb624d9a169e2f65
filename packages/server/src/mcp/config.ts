import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import { SettingError } from '../settings.ts'

const serverSchema = z.union([
  z.strictObject({
    command: z.string().min(1),
    args: z.array(z.string()).default([]),
    /** Beside the few variables that every program gets; nothing else of the server's environment is passed on. */
    env: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({ url: z.url(), headers: z.record(z.string(), z.string()).default({}) }),
])

const configSchema = z.object({ mcpServers: z.record(z.string().regex(/^[\w-]{1,32}$/), serverSchema) })

/** How one MCP server is reached: a program that is started, or an address. */
export type McpServerConfig = z.infer<typeof serverSchema>

export interface McpConfig {
  servers: Map<string, McpServerConfig>
  /** The folder that programs are started in: the one of the file. */
  directory: string
}

/**
 * Reads the servers of a file in the form that other MCP clients use too: `{ "mcpServers": { "name": ... } }`.
 *
 * @throws SettingError for a file that is not there, or is wrong.
 */
export async function readMcpConfig(path: string): Promise<McpConfig> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new SettingError(`MCP_CONFIG: ${path} can't be read as JSON.`, { cause })
  }
  const parsed = configSchema.safeParse(value)
  if (!parsed.success) throw new SettingError(`MCP_CONFIG: ${path}: ${z.prettifyError(parsed.error)}`)
  return { servers: new Map(Object.entries(parsed.data.mcpServers)), directory: dirname(path) }
}
