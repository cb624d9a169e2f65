/** The limits of a call's options. They are part of the protocol's schema, so the worker checks the same numbers. */
export const limits = {
  /** Length of a line of the protocol in either direction, in bytes: room for several million words. */
  lineBytes: 32 * 1024 * 1024,
  /** Highest absolute value of the presence and frequency penalties, as in OpenAI's API. */
  penalty: 2,
  /** Highest repetition penalty; 1 means none. */
  repetitionPenalty: 10,
  /** Tokens that a penalty may look back over. */
  penaltyContext: 32_768,
  /** Highest absolute value of a logit bias, as in OpenAI's API. */
  logitBias: 100,
  /** Tokens that one call may generate. */
  maxTokens: 1_048_576,
  /** Highest temperature, as in OpenAI's API. Above 2, every model that we tried writes noise. */
  temperature: 2,
  /** Stop strings of one call. */
  stopStrings: 64,
  /** Characters of a stop string. */
  stopCharacters: 1024,
  /** Highest seed. Every language that speaks the protocol has unsigned 32-bit numbers. */
  seed: 2 ** 32 - 1,
  /** Messages of one chat. */
  messages: 10_000,
  /** Tools of one call, as in OpenAI's API. */
  tools: 128,
  /** Sequences of one call. */
  sequences: 32,
  /** Alternatives for each token, as in OpenAI's API. */
  logprobs: 20,
  /** Tokens that a draft model proposes at a time. */
  draftTokens: 32,
  /** Characters of a regular expression or grammar. */
  grammarCharacters: 100_000,
  /** Texts of one call of `embed`, as in OpenAI's API. */
  embeddingInputs: 2048,
  /** Highest number of waiting calls that can be configured. */
  queue: 1_000_000,
  /** Characters of a caller's name. */
  callerCharacters: 256,
  /** Characters of a model's name or path. */
  modelCharacters: 1024,
} as const
