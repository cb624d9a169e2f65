const question = [{ role: 'user', content: 'Say hello.' }]

/** An example request for each operation with a body. The docs page shows them, and a test runs them. */
export const examples: Readonly<Record<string, unknown>> = {
  createChatCompletion: { messages: question },
  createCompletion: { prompt: 'Once upon a time', max_tokens: 32 },
  createEmbedding: { input: ['A first text.', 'A second one.'] },
  createResponse: { input: 'Say hello.' },
  countResponseInputTokens: { input: 'Say hello.' },
  createMessage: { max_tokens: 256, messages: question },
  countMessageTokens: { messages: question },
  loadModel: {},
}
