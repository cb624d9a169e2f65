/** Bounds on what one call may ask for. The worker checks the same numbers: they travel in the protocol's schema. */
export const limits = {
  /** Longest line of the protocol in either direction, in bytes: a prompt of several million words. */
  lineBytes: 32 * 1024 * 1024,
  /** Bounds of presence and frequency penalty, either way; those of OpenAI's API, as is the one of logitBias. */
  penalty: 2,
  /** Highest repetition penalty; 1 is none. */
  repetitionPenalty: 10,
  /** Tokens that a penalty may look back over. */
  penaltyContext: 32_768,
  logitBias: 100,
  /** Most tokens that one call may generate. */
  maxTokens: 1_048_576,
  /** Above 2 every model that we tried writes noise; it is also the limit of OpenAI's API. */
  temperature: 2,
  /** Most stop strings of one call, and the characters of one. */
  stopStrings: 64,
  stopCharacters: 1024,
  /** Seeds are unsigned 32-bit numbers, so that every language that speaks the protocol can hold them. */
  seed: 2 ** 32 - 1,
  /** Messages of one chat. */
  messages: 10_000,
  /** Tools of one call; OpenAI's API has the same. */
  tools: 128,
  /** Sequences that one call may ask for. */
  sequences: 32,
  /** Alternatives that may be told for each token; OpenAI's API has the same. */
  logprobs: 20,
  /** Tokens that a draft model proposes at once. */
  draftTokens: 32,
  /** Characters of a regular expression or of a grammar. */
  grammarCharacters: 100_000,
  /** Texts of one call for embeddings; OpenAI's API has the same. */
  embeddingInputs: 2048,
  /** Calls that may wait for a place, at most. */
  queue: 1_000_000,
  /** Characters of the name that tells callers apart. */
  callerCharacters: 256,
  /** Characters of a model's name or path. */
  modelCharacters: 1024,
} as const
