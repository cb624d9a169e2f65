/** The sections of the API reference, in order. Each route has one of them in `tags`. */
export const tags = {
  chat: 'Chat',
  responses: 'Responses',
  messages: 'Messages',
  text: 'Text and embeddings',
  models: 'Models',
  server: 'Server',
} as const

/** The descriptions of the sections. */
export const tagDescriptions = [
  { name: tags.chat, description: 'OpenAI’s Chat Completions API, which most clients use.' },
  { name: tags.responses, description: 'OpenAI’s Responses API. The server can store conversations.' },
  { name: tags.messages, description: 'Anthropic’s Messages API, for its clients and for coding agents.' },
  {
    name: tags.text,
    description: 'OpenAI’s Completions and Embeddings APIs.',
  },
  { name: tags.models, description: 'The models that requests can name.' },
  {
    name: tags.server,
    description: 'Health, state and metrics, for load balancers, monitoring and the chat page.',
  },
]
