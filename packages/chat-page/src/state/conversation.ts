import * as z from 'zod/mini'

const userTurn = z.object({
  role: z.literal('user'),
  id: z.string(),
  text: z.string(),
  /** Data URLs. Any other URL could make the browser send a request. */
  images: z.array(z.string().check(z.startsWith('data:image/'))),
})

const toolCall = z.object({
  id: z.string(),
  server: z.string(),
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  result: z.string(),
  failed: z.boolean(),
})

const answerTurn = z.object({
  role: z.literal('assistant'),
  id: z.string(),
  text: z.string(),
  reasoning: z.string(),
  /** Shown with the answer, but not sent with later messages. */
  calls: z.optional(z.array(toolCall)),
  model: z.optional(z.string()),
  /** A finish reason of the server such as `stop` or `length`, `stopped` by the user, `failed`, or `running`. */
  ending: z.string(),
  /** The error, if `ending` is `failed`. */
  problem: z.optional(z.string()),
  /** The statistics below the answer. */
  figures: z.optional(z.object({ tokens: z.number(), ttftMs: z.number(), tokensPerSecond: z.number() })),
})

export const conversationSchema = z.object({
  /** The ID, which the page's URL contains. */
  id: z.string().check(z.regex(/^[\w-]+$/)),
  title: z.string(),
  /** When the conversation last changed, in milliseconds since 1970. */
  changed: z.number(),
  turns: z.array(z.discriminatedUnion('role', [userTurn, answerTurn])),
})

export type UserTurn = z.infer<typeof userTurn>
export type AnswerTurn = z.infer<typeof answerTurn>
export type Conversation = z.infer<typeof conversationSchema>

/** The `ending` of an answer that is being streamed. After a reload, it means that the answer was interrupted. */
export const running = 'running'

export const maxTitleCharacters = 60

/** Creates a conversation that starts with a turn. Its text becomes the title. */
export function startConversation(turn: UserTurn): Conversation {
  return { id: newId(), title: createTitle(turn.text), changed: Date.now(), turns: [turn] }
}

/** Creates a turn of the user. */
export function createUserTurn(text: string, images: readonly string[] = []): UserTurn {
  return { role: 'user', id: newId(), text: text.trim(), images: [...images] }
}

/** Creates an empty answer that is being streamed. */
export function createAnswer(model: string | undefined): AnswerTurn {
  const answer = {
    role: 'assistant',
    id: newId(),
    text: '',
    reasoning: '',
    ending: running,
  } as const
  return model === undefined ? answer : { ...answer, model }
}

/** Returns a conversation with a turn added, or replaced if it has the same ID. */
export function withTurn(conversation: Conversation, turn: UserTurn | AnswerTurn): Conversation {
  const at = conversation.turns.findIndex(({ id }) => id === turn.id)
  const turns = at < 0 ? [...conversation.turns, turn] : conversation.turns.with(at, turn)
  return { ...conversation, turns, changed: Date.now() }
}

/** Returns a conversation with only the turns before the given one. */
export function truncateBefore(conversation: Conversation, turnId: string): Conversation {
  const at = conversation.turns.findIndex(({ id }) => id === turnId)
  return at < 0 ? conversation : { ...conversation, turns: conversation.turns.slice(0, at) }
}

/** Creates an ID. `crypto.randomUUID` exists only on pages loaded over HTTPS or from loopback. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

function createTitle(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? ''
  if (line === '') return 'Image'
  return line.length <= maxTitleCharacters ? line : `${line.slice(0, maxTitleCharacters - 1).trimEnd()}…`
}
