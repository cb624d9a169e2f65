import { expect } from 'vitest'

/** A whole message of the hello model, as each of Anthropic's clients gives it. */
export const messageOf = (text: string) => ({
  id: expect.stringMatching(/^msg_/),
  type: 'message',
  role: 'assistant',
  model: 'hello',
  content: [{ type: 'text', text }],
  stop_reason: 'end_turn',
  stop_sequence: null,
})

/** The events of a stream of text, those that follow one of their kind left out. */
export const textEvents = [
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
]
