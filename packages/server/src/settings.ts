import * as z from 'zod'

const list = (fallback = '') =>
  z
    .string()
    .default(fallback)
    .transform((text) => text.split(',').flatMap((part) => part.trim() || []))

const integer = (least: number, most: number, fallback: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback)

/** What browsers send as Origin: nothing after the port, and no `*`, which would open the server to every page. */
const origins = list().pipe(
  z.array(z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/[^\s/*]+$/i, 'expected origins, as https://example.org')),
)

const milliseconds = (fallback: number) => integer(1, 2 ** 31 - 1, fallback)
const flag = z.stringbool().default(false)
const mebibyte = 1024 * 1024

/** An environment variable and what it means, in one line for the table of the README. */
function setting<Schema extends z.ZodType>(variable: string, meaning: string, schema: Schema): Schema {
  return schema.meta({ variable, meaning })
}

const settingsSchema = z.object({
  host: setting(
    'HOST',
    'address to listen on; one that others can reach needs a key',
    z.string().min(1).default('127.0.0.1'),
  ),
  port: setting('PORT', 'port to listen on; 0 takes any that is free', integer(0, 65_535, 8000)),
  keysFile: setting('KEYS_FILE', 'file of the hashed keys', z.string().min(1).default('.mlx/keys.json')),
  allowedHosts: setting(
    'ALLOWED_HOSTS',
    'names beside localhost that a server without keys answers to, with commas between',
    list(),
  ),
  allowedOrigins: setting(
    'ALLOWED_ORIGINS',
    'web pages that may use the server (CORS), as https://example.org, with commas between',
    origins,
  ),
  imageHosts: setting(
    'IMAGE_HOSTS',
    'hosts that images may be fetched from by HTTPS, or origins as http://10.0.0.5:9000, with commas between; data URLs always work',
    list(),
  ),
  servedModels: setting(
    'SERVED_MODELS',
    'models on disk and aliases that requests may name beside the configured one; default: all',
    list(),
  ),
  templateOptions: setting(
    'TEMPLATE_OPTIONS',
    'variables of the chat template that requests may set, with commas between',
    list('enable_thinking,reasoning_effort'),
  ),
  maxBodyBytes: setting(
    'MAX_BODY_BYTES',
    'largest body of a request, in bytes',
    integer(1, 1024 * mebibyte, 16 * mebibyte),
  ),
  maxBodyValues: setting(
    'MAX_BODY_VALUES',
    'most values in a body, those in lists and objects among them',
    integer(1, 100_000_000, 50_000),
  ),
  headersTimeoutMs: setting(
    'HEADERS_TIMEOUT_MS',
    'time that a client has to send its headers, in milliseconds',
    milliseconds(10_000),
  ),
  bodyTimeoutMs: setting(
    'BODY_TIMEOUT_MS',
    'time that a client has to send a whole request, in milliseconds',
    milliseconds(30_000),
  ),
  idleTimeoutMs: setting(
    'IDLE_TIMEOUT_MS',
    'time that a connection may stay open without a request, in milliseconds',
    milliseconds(65_000),
  ),
  maxConnections: setting(
    'MAX_CONNECTIONS',
    'connections at once; more are closed',
    integer(1, 1_000_000, 4096),
  ),
  maxMessages: setting('MAX_MESSAGES', 'messages of one request', integer(1, 10_000, 2048)),
  maxParts: setting('MAX_PARTS', 'parts (texts and images) of one message', integer(1, 10_000, 256)),
  defaultTokens: setting(
    'DEFAULT_TOKENS',
    'tokens of an answer where the request sets no limit',
    integer(1, 1_048_576, 4096),
  ),
  maxTokens: setting(
    'MAX_TOKENS',
    'most tokens of an answer that a request may ask for',
    integer(1, 1_048_576, 131_072),
  ),
  queueLimit: setting(
    'QUEUE_LIMIT',
    'requests that may wait for a place in the batch; more get 429',
    integer(1, 1_000_000, 512),
  ),
  streamsPerKey: setting(
    'STREAMS_PER_KEY',
    'requests of one key that may run at once; more get 429',
    integer(1, 1_000_000, 64),
  ),
  firstTokenTimeoutMs: setting(
    'FIRST_TOKEN_TIMEOUT_MS',
    'time to the first token, waiting included, in milliseconds; then 504',
    milliseconds(120_000),
  ),
  requestTimeoutMs: setting(
    'REQUEST_TIMEOUT_MS',
    'time of a whole answer, in milliseconds',
    milliseconds(600_000),
  ),
  graceMs: setting(
    'GRACE_MS',
    'time that answers under way have to end after SIGTERM, in milliseconds',
    milliseconds(30_000),
  ),
  storedResponses: setting(
    'STORED_RESPONSES',
    'answers of /v1/responses that are kept for previous_response_id',
    integer(0, 1_000_000, 1000),
  ),
  storedResponseBytes: setting(
    'STORED_RESPONSE_BYTES',
    'what they may take in all, in bytes',
    integer(0, 16 * 1024 * mebibyte, 64 * mebibyte),
  ),
  engineUrl: setting(
    'ENGINE_URL',
    'address of another server that runs the model, as http://10.0.0.2:8080/v1; empty: it runs here',
    z.string().default(''),
  ),
  engineServer: setting(
    'ENGINE_SERVER',
    'what that server is: create-mlx-app (another mlx-app-server), mlx-lm, openai or compatible',
    z.enum(['create-mlx-app', 'mlx-lm', 'openai', 'compatible']).default('compatible'),
  ),
  engineModel: setting(
    'ENGINE_MODEL',
    'the model that it is asked for; empty: the one of mlx.config.json, or what mlx-lm was started with',
    z.string().default(''),
  ),
  engineKey: setting('ENGINE_API_KEY', 'the key that it needs', z.string().default('')),
  mcpConfig: setting(
    'MCP_CONFIG',
    'file of the MCP servers whose tools requests may use; empty: none',
    z.string().default(''),
  ),
  mcpRounds: setting('MCP_ROUNDS', 'rounds of calls to MCP tools in one request', integer(0, 100, 8)),
  mcpTimeoutMs: setting(
    'MCP_TIMEOUT_MS',
    'time that an MCP server has for one answer, in milliseconds',
    milliseconds(30_000),
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'least level of the log: trace, debug, info, warn, error, fatal or silent',
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ),
  logPrompts: setting('LOG_PROMPTS', 'true writes prompts and messages to the log', flag),
})

/** What is set, from the environment or by default. */
export type Settings = z.output<typeof settingsSchema>

/** A row of the table of settings. */
export interface SettingRow {
  key: string
  variable: string
  meaning: string
  schema: z.ZodType
}

const rowSchema = z.object({ variable: z.string(), meaning: z.string() })

/** Everything that can be set. */
export const settingRows: readonly SettingRow[] = Object.entries(settingsSchema.shape).map(
  ([key, schema]) => ({
    key,
    schema,
    ...rowSchema.parse(schema.meta()),
  }),
)

/** A variable that can't be used: told without a stack, exit code 2. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

/**
 * Reads the settings from an environment; a variable that is empty is as good as absent.
 *
 * @throws SettingError that names each variable that is wrong.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const given = settingRows.map(({ key, variable }) => [key, environment[variable] || undefined])
  const parsed = settingsSchema.safeParse(Object.fromEntries(given))
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map(({ path: [key], message }) => {
    const row = settingRows.find((candidate) => candidate.key === key)
    return `${row?.variable}: ${message}`
  })
  throw new SettingError(lines.join('\n'))
}
