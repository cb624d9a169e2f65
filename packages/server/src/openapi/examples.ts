const question = [{ role: 'user', content: 'Say hello.' }]

/** A request of each operation that takes a body, where its route brings none: shown by the page, run by a test. */
export const examples: Readonly<Record<string, unknown>> = {
  createChatCompletion: { messages: question },
  createCompletion: { prompt: 'Once upon a time', max_tokens: 32 },
  createEmbedding: { input: ['A first text.', 'A second one.'] },
  createResponse: { input: 'Say hello.' },
  createMessage: { max_tokens: 256, messages: question },
  countMessageTokens: { messages: question },
  loadModel: {},
}
