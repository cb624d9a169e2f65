/** The parts of the API, in the order in which they are shown: give each route one in `tags`. */
export const tags = {
  chat: 'Chat',
  responses: 'Responses',
  messages: 'Messages',
  text: 'Text and embeddings',
  models: 'Models',
  server: 'Server',
} as const

/** What they are, for the document. */
export const tagDescriptions = [
  { name: tags.chat, description: 'OpenAI’s chat completions: what most clients speak.' },
  { name: tags.responses, description: 'OpenAI’s newer API, whose conversations the server can keep.' },
  { name: tags.messages, description: 'Anthropic’s API, for its clients and for coding agents.' },
  {
    name: tags.text,
    description: 'Text that goes on from a prompt, and vectors of texts, as OpenAI has them.',
  },
  { name: tags.models, description: 'The models that requests may name.' },
  { name: tags.server, description: 'How the server is: for its page, for balancers and for monitoring.' },
]
