/** What a server may be able to do beyond answering a chat at a temperature, up to so many tokens. */
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
  'topK',
  'topP',
  'truncation',
  'unload',
  'xtc',
] as const

export type Capability = (typeof capabilities)[number]

export interface Server {
  /** As it stands in messages. */
  title: string
  capabilities: readonly Capability[]
  /** The field for the most tokens to generate. */
  maxTokensField: 'max_tokens' | 'max_completion_tokens'
  /** Whether the server ends a text before a stop string wherever it falls; else the engine does. */
  stopsOnText: boolean
  /** Whether 404 may mean any failure, as well as a model or a path that isn't there. */
  anyFailureIs404: boolean
  /** The field of a chat that asks for `prompt_progress` in the stream; undefined where nothing needs to ask. */
  progressField: 'return_progress' | undefined
  /** The name that the server gives to the model that it was started with. */
  defaultModel: string | undefined
  /** Why it can't, or what to do in its place, where that helps. */
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
    grammar: 'Use a json_schema.',
    regex: 'Use a json_schema with a pattern.',
    tokens: 'The usage of an answer tells how many tokens it took.',
  },
}

/** What each of the known servers can do. */
export const servers = {
  openai,
  /** OpenAI's API as others speak it: most know the older name of a field only. */
  compatible: { ...openai, title: 'an OpenAI-compatible server', maxTokensField: 'max_tokens' },
  /** `mlx_lm.server` of mlx-lm 0.32.2, by its source: what is not here it ignores, with status 200. */
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
    // It matches tokens: a stop string inside a word is cut out of the text, which then goes on.
    stopsOnText: false,
    anyFailureIs404: true,
    progressField: undefined,
    defaultModel: 'default_model',
    advice: {
      logprobs: 'Its streams have none, and its whole answers tell those of another token.',
      kvBits: 'Start it with --kv-bits.',
      toolChoice: 'The choice is always the model’s own: leave tools out where none may be called.',
    },
  },
  /** The server that create-mlx-app makes, with `--template server`. */
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
      caller: 'The server knows its callers by their keys.',
    },
  },
} as const satisfies Record<ServerName, Server>

/** The kind of server at an address, where nobody says. */
export function defaultServer(address: URL): ServerName {
  return address.hostname === 'api.openai.com' ? 'openai' : 'compatible'
}

/** Those that have a field of their own in a request, so that an application can say that its server has them. */
export const declarableCapabilities: readonly Capability[] = capabilities.filter((capability) =>
  Object.values(servers).some((server: Server) => server.capabilities.includes(capability)),
)
