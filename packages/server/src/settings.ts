import { isDuration } from 'mlx-app'
import * as z from 'zod'

const list = (fallback = '') =>
  z
    .string()
    .default(fallback)
    .transform((text) => text.split(',').flatMap((part) => part.trim() || []))

const integer = (least: number, most: number, fallback: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback)

/** Origins as browsers send them: no path, and no `*`, which would open the server to every page. */
const origins = list().pipe(
  z.array(
    z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/[^\s/*]+$/i, 'expected origins such as https://example.org'),
  ),
)

const milliseconds = (fallback: number) => integer(1, 2 ** 31 - 1, fallback)
const flag = z.stringbool().default(false)
const isDurationOrEmpty = (text: string) => text === '' || isDuration(text)
const mebibyte = 1024 * 1024

/** Adds the environment variable and its meaning, one line for `--help` and docs/settings.md, to a schema. */
function setting<Schema extends z.ZodType>(variable: string, meaning: string, schema: Schema): Schema {
  return schema.meta({ variable, meaning })
}

const settingsSchema = z.object({
  host: setting(
    'HOST',
    'address to listen on; an address that other machines can reach requires a key',
    z.string().min(1).default('127.0.0.1'),
  ),
  port: setting('PORT', 'port to listen on; 0 uses any free port', integer(0, 65_535, 8000)),
  keysFile: setting(
    'KEYS_FILE',
    'file with the hashed API keys',
    z.string().min(1).default('.mlx/keys.json'),
  ),
  allowedHosts: setting(
    'ALLOWED_HOSTS',
    'host names, in addition to localhost, that a server without keys accepts, separated by commas',
    list(),
  ),
  allowedOrigins: setting(
    'ALLOWED_ORIGINS',
    'origins of web pages that can use the server (CORS), such as https://example.org, separated by commas',
    origins,
  ),
  imageHosts: setting(
    'IMAGE_HOSTS',
    'hosts to download images from over HTTPS, or origins such as http://10.0.0.5:9000, separated by commas; data URLs always work',
    list(),
  ),
  servedModels: setting(
    'SERVED_MODELS',
    'models on disk and aliases that requests can name in addition to the configured model, separated by commas; empty: all',
    list(),
  ),
  templateOptions: setting(
    'TEMPLATE_OPTIONS',
    'chat template variables that requests can set, separated by commas',
    list('enable_thinking,reasoning_effort'),
  ),
  volatileLines: setting(
    'VOLATILE_LINES',
    'move puts lines of the system prompt that change between requests, such as the time, behind the last message, so that the prefix stays cached; keep leaves them where they are',
    z.enum(['move', 'keep']).default('move'),
  ),
  maxBodyBytes: setting(
    'MAX_BODY_BYTES',
    'maximum size of a request body, in bytes',
    integer(1, 1024 * mebibyte, 16 * mebibyte),
  ),
  maxBodyValues: setting(
    'MAX_BODY_VALUES',
    'maximum number of JSON values in a request body, nested values included',
    integer(1, 100_000_000, 50_000),
  ),
  headersTimeoutMs: setting(
    'HEADERS_TIMEOUT_MS',
    'time a client has to send its headers, in milliseconds',
    milliseconds(10_000),
  ),
  bodyTimeoutMs: setting(
    'BODY_TIMEOUT_MS',
    'time a client has to send a complete request, in milliseconds',
    milliseconds(30_000),
  ),
  idleTimeoutMs: setting(
    'IDLE_TIMEOUT_MS',
    'time a connection can stay open without a request, in milliseconds',
    milliseconds(65_000),
  ),
  maxConnections: setting(
    'MAX_CONNECTIONS',
    'maximum number of open connections; further ones are closed',
    integer(1, 1_000_000, 4096),
  ),
  maxMessages: setting('MAX_MESSAGES', 'maximum number of messages in a request', integer(1, 10_000, 2048)),
  maxParts: setting(
    'MAX_PARTS',
    'maximum number of parts (texts and images) in a message',
    integer(1, 10_000, 256),
  ),
  defaultTokens: setting(
    'DEFAULT_TOKENS',
    'maximum tokens of an answer if the request sets no limit',
    integer(1, 1_048_576, 4096),
  ),
  maxTokens: setting(
    'MAX_TOKENS',
    'largest token limit that a request can set',
    integer(1, 1_048_576, 131_072),
  ),
  queueLimit: setting(
    'QUEUE_LIMIT',
    'maximum number of requests that wait for a place in the batch; further ones get 429',
    integer(1, 1_000_000, 512),
  ),
  streamsPerKey: setting(
    'STREAMS_PER_KEY',
    'maximum number of concurrent requests per key; further ones get 429',
    integer(1, 1_000_000, 64),
  ),
  firstTokenTimeoutMs: setting(
    'FIRST_TOKEN_TIMEOUT_MS',
    'maximum time to the first token, including time in the queue, in milliseconds; then 504',
    milliseconds(120_000),
  ),
  requestTimeoutMs: setting(
    'REQUEST_TIMEOUT_MS',
    'maximum time for a complete answer, in milliseconds; then 504',
    milliseconds(600_000),
  ),
  heartbeatMs: setting(
    'HEARTBEAT_MS',
    'time after which a silent stream gets a heartbeat, in milliseconds',
    milliseconds(5000),
  ),
  graceMs: setting(
    'GRACE_MS',
    'time running requests have to finish after SIGTERM, in milliseconds',
    milliseconds(30_000),
  ),
  storedResponses: setting(
    'STORED_RESPONSES',
    'maximum number of responses to store for previous_response_id',
    integer(0, 1_000_000, 1000),
  ),
  storedResponseBytes: setting(
    'STORED_RESPONSE_BYTES',
    'maximum total size of stored responses, in bytes',
    integer(0, 16 * 1024 * mebibyte, 64 * mebibyte),
  ),
  engineUrl: setting(
    'ENGINE_URL',
    'address of another server that runs the model, such as http://10.0.0.2:8080/v1; empty: run it here',
    z.string().default(''),
  ),
  engineServer: setting(
    'ENGINE_SERVER',
    'type of that server: create-mlx-app (another mlx-app-server), mlx-lm, openai or compatible',
    z.enum(['create-mlx-app', 'mlx-lm', 'openai', 'compatible']).default('compatible'),
  ),
  engineModel: setting(
    'ENGINE_MODEL',
    'model to request from that server; empty: the model in mlx.config.json, or the one mlx-lm was started with',
    z.string().default(''),
  ),
  engineKey: setting('ENGINE_API_KEY', 'API key for that server', z.string().default('')),
  mcpConfig: setting(
    'MCP_CONFIG',
    'file that lists the MCP servers whose tools requests can use; empty: none',
    z.string().default(''),
  ),
  mcpRounds: setting('MCP_ROUNDS', 'maximum rounds of MCP tool calls in a request', integer(0, 100, 8)),
  mcpTimeoutMs: setting(
    'MCP_TIMEOUT_MS',
    'time an MCP server has to answer, in milliseconds',
    milliseconds(30_000),
  ),
  keepAlive: setting(
    'MLX_KEEP_ALIVE',
    'unloads models that have not been used for this long, such as 10m, or a number of seconds; -1: never; empty: keepAlive in mlx.config.json, or never',
    z.string().default('').refine(isDurationOrEmpty, 'expected a time such as 90s, 10m or 2h, or -1'),
  ),
  stallTimeoutMs: setting(
    'STALL_TIMEOUT_MS',
    'time without a step of the model after which the worker is replaced, in milliseconds; empty: stallTimeoutMs in mlx.config.json, or 60000',
    z.coerce
      .number()
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional(),
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'log level: trace, debug, info, warn, error, fatal or silent',
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ),
  logPrompts: setting('LOG_PROMPTS', 'true writes prompts and messages to the log', flag),
})

/** The settings of the server, from the environment or by default. */
export type Settings = z.output<typeof settingsSchema>

/** A setting as `--help` and docs/settings.md show it. */
export interface SettingRow {
  key: string
  variable: string
  meaning: string
  schema: z.ZodType
}

const rowSchema = z.object({ variable: z.string(), meaning: z.string() })

/** All settings. */
export const settingRows: readonly SettingRow[] = Object.entries(settingsSchema.shape).map(
  ([key, schema]) => ({
    key,
    schema,
    ...rowSchema.parse(schema.meta()),
  }),
)

/** An invalid setting. It is printed without a stack, and the exit code is 2. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

/**
 * Returns HOST if it is not an address but the target of conda's compilers, such as x86_64-conda-linux-gnu, which an active
 * environment with compilers sets. It is not read then.
 */
export function hostOfConda({ HOST }: NodeJS.ProcessEnv): string | undefined {
  return HOST !== undefined && /-(conda|apple-darwin)/.test(HOST) ? HOST : undefined
}

/**
 * Reads the settings from environment variables. An empty variable counts as unset.
 *
 * @throws SettingError that names each invalid variable.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const isRead = (variable: string) => variable !== 'HOST' || hostOfConda(environment) === undefined
  const given = settingRows.map(({ key, variable }) => [
    key,
    isRead(variable) ? environment[variable] || undefined : undefined,
  ])
  const parsed = settingsSchema.safeParse(Object.fromEntries(given))
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map(({ path: [key], message }) => {
    const row = settingRows.find((candidate) => candidate.key === key)
    return `${row?.variable}: ${message}`
  })
  throw new SettingError(lines.join('\n'))
}
