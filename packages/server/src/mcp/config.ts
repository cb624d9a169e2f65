import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import { SettingError } from '../settings.ts'

const serverSchema = z.union([
  z.strictObject({
    command: z.string().min(1),
    args: z.array(z.string()).default([]),
    /** Added to the few variables that every program gets. The rest of the server's environment is not passed on. */
    env: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({ url: z.url(), headers: z.record(z.string(), z.string()).default({}) }),
])

const configSchema = z.object({ mcpServers: z.record(z.string().regex(/^[\w-]{1,32}$/), serverSchema) })

/** How to reach an MCP server: the program to start, or a URL. */
export type McpServerConfig = z.infer<typeof serverSchema>

export interface McpConfig {
  servers: Map<string, McpServerConfig>
  /** The folder of the file, which programs are started in. */
  directory: string
}

/**
 * Reads MCP servers from a file in the format of other MCP clients: `{ "mcpServers": { "name": ... } }`.
 *
 * @throws SettingError if the file is missing or invalid.
 */
export async function readMcpConfig(path: string): Promise<McpConfig> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new SettingError(`MCP_CONFIG: cannot read ${path} as JSON.`, { cause })
  }
  const parsed = configSchema.safeParse(value)
  if (!parsed.success) throw new SettingError(`MCP_CONFIG: ${path}: ${z.prettifyError(parsed.error)}`)
  return { servers: new Map(Object.entries(parsed.data.mcpServers)), directory: dirname(path) }
}
