/** The features that servers may have in addition to chats with a temperature and a limit of tokens. */
export const capabilities = [
  'adapter',
  'cacheFile',
  'caller',
  'draftModel',
  'embed',
  'frequencyPenalty',
  'images',
  'jsonObject',
  'jsonSchema',
  'grammar',
  'kvBits',
  'logitBias',
  'logprobs',
  'minP',
  'modelFiles',
  'parallelToolCalls',
  'penaltyContext',
  'pinned',
  'presencePenalty',
  'priority',
  'prompt',
  'promptCacheOff',
  'promptProgress',
  'reasoningTokens',
  'regex',
  'repetitionPenalty',
  'revision',
  'seed',
  'sequences',
  'templateOptions',
  'tokens',
  'tools',
  'toolChoice',
  'toolGrammar',
  'topK',
  'topP',
  'truncation',
  'unload',
  'volatileLines',
  'xtc',
] as const

export type Capability = (typeof capabilities)[number]

export interface Server {
  /** The name in messages. */
  title: string
  capabilities: readonly Capability[]
  /** The name of the field for the most tokens to generate. */
  maxTokensField: 'max_tokens' | 'max_completion_tokens'
  /** Whether the server ends a text before a stop string anywhere. Otherwise the engine does. */
  stopsOnText: boolean
  /** Whether 404 may mean any failure, and not only that a model or path doesn't exist. */
  anyFailureIs404: boolean
  /** The field of a chat that requests `prompt_progress` in the stream, if there is one. */
  progressField: 'return_progress' | undefined
  /** The server's name for the model that it was started with. */
  defaultModel: string | undefined
  /** For features that the server doesn't support: the reason, or what to do instead. */
  advice: Partial<Record<Capability, string>>
}

/** The servers that `createEngine({ baseUrl, server })` knows. */
export const serverNames = ['openai', 'compatible', 'mlx-lm', 'create-mlx-app'] as const

export type ServerName = (typeof serverNames)[number]

/** https://platform.openai.com/docs/api-reference/chat/create and its neighbours. */
const openai: Server = {
  title: "OpenAI's API",
  capabilities: [
    'caller',
    'embed',
    'frequencyPenalty',
    'images',
    'jsonObject',
    'jsonSchema',
    'logitBias',
    'logprobs',
    'parallelToolCalls',
    'presencePenalty',
    'prompt',
    'seed',
    'sequences',
    'tools',
    'toolChoice',
    'topP',
  ],
  maxTokensField: 'max_completion_tokens',
  stopsOnText: true,
  anyFailureIs404: false,
  progressField: undefined,
  defaultModel: undefined,
  advice: {
    grammar: 'Use a json_schema instead.',
    regex: 'Use a json_schema with a pattern instead.',
    tokens: 'The usage of an answer has its token counts.',
  },
}

/** What each of the known servers can do. */
export const servers = {
  openai,
  /** OpenAI's API as others implement it, mostly with the older name of a field. */
  compatible: { ...openai, title: 'an OpenAI-compatible server', maxTokensField: 'max_tokens' },
  /** `mlx_lm.server` of mlx-lm 0.32.2. By its source, it ignores all other options without an error. */
  'mlx-lm': {
    title: 'mlx_lm.server',
    capabilities: [
      'adapter',
      'draftModel',
      'frequencyPenalty',
      'images',
      'logitBias',
      'minP',
      'penaltyContext',
      'presencePenalty',
      'prompt',
      'promptProgress',
      'repetitionPenalty',
      'seed',
      'templateOptions',
      'tools',
      'topK',
      'topP',
      'xtc',
    ],
    maxTokensField: 'max_tokens',
    // It matches tokens. A stop string inside a word is cut out of the text, which then goes on.
    stopsOnText: false,
    anyFailureIs404: true,
    progressField: undefined,
    defaultModel: 'default_model',
    advice: {
      logprobs: 'Its streams have none, and its complete answers have those of another token.',
      kvBits: 'Start the server with --kv-bits instead.',
      toolChoice: 'The model always chooses. Leave tools out if none may be called.',
    },
  },
  /** The server of create-mlx-app's template `server`. */
  'create-mlx-app': {
    title: 'the server of create-mlx-app',
    capabilities: [
      'embed',
      'frequencyPenalty',
      'images',
      'jsonObject',
      'jsonSchema',
      'logitBias',
      'logprobs',
      'minP',
      'parallelToolCalls',
      'penaltyContext',
      'presencePenalty',
      'prompt',
      'promptProgress',
      'repetitionPenalty',
      'seed',
      'sequences',
      'templateOptions',
      'tools',
      'toolChoice',
      'topK',
      'topP',
      'xtc',
    ],
    maxTokensField: 'max_tokens',
    stopsOnText: true,
    anyFailureIs404: false,
    progressField: 'return_progress',
    defaultModel: undefined,
    advice: {
      ...openai.advice,
      caller: 'The server identifies its callers by their keys.',
    },
  },
} as const satisfies Record<ServerName, Server>

/** Returns the kind of server at an address, if the option doesn't say. */
export function defaultServer(address: URL): ServerName {
  return address.hostname === 'api.openai.com' ? 'openai' : 'compatible'
}

/** The capabilities that have a field in a request, which an application may declare for its server. */
export const declarableCapabilities: readonly Capability[] = capabilities.filter((capability) =>
  Object.values(servers).some((server: Server) => server.capabilities.includes(capability)),
)
