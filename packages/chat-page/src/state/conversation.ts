import * as z from 'zod/mini'

const userTurn = z.object({
  role: z.literal('user'),
  id: z.string(),
  text: z.string(),
  /** Data URLs: anything else could make the browser fetch it. */
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
  /** Shown with the answer, and not sent again with it. */
  calls: z.optional(z.array(toolCall)),
  model: z.optional(z.string()),
  /** `stop`, `length` and the like come from the server; `stopped` is the person at the page. */
  ending: z.string(),
  /** Why it broke off, where `ending` is `failed`. */
  problem: z.optional(z.string()),
  /** The last two in milliseconds and tokens per second. */
  figures: z.optional(z.object({ tokens: z.number(), ttftMs: z.number(), tokensPerSecond: z.number() })),
})

export const conversationSchema = z.object({
  /** It stands in the address of the page. */
  id: z.string().check(z.regex(/^[\w-]+$/)),
  title: z.string(),
  /** Milliseconds since 1970. */
  changed: z.number(),
  turns: z.array(z.discriminatedUnion('role', [userTurn, answerTurn])),
})

export type UserTurn = z.infer<typeof userTurn>
export type AnswerTurn = z.infer<typeof answerTurn>
export type Conversation = z.infer<typeof conversationSchema>

/** The `ending` of an answer that still comes; one that is found so after a reload was cut off by it. */
export const running = 'running'

export const maxTitleCharacters = 60

/** A conversation that begins with this turn, which also names it. */
export function startConversation(turn: UserTurn): Conversation {
  return { id: newId(), title: createTitle(turn.text), changed: Date.now(), turns: [turn] }
}

export function createUserTurn(text: string, images: readonly string[] = []): UserTurn {
  return { role: 'user', id: newId(), text: text.trim(), images: [...images] }
}

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

export function withTurn(conversation: Conversation, turn: UserTurn | AnswerTurn): Conversation {
  const at = conversation.turns.findIndex(({ id }) => id === turn.id)
  const turns = at < 0 ? [...conversation.turns, turn] : conversation.turns.with(at, turn)
  return { ...conversation, turns, changed: Date.now() }
}

/** The conversation as it was before this turn: what came after it is gone too. */
export function truncateBefore(conversation: Conversation, turnId: string): Conversation {
  const at = conversation.turns.findIndex(({ id }) => id === turnId)
  return at < 0 ? conversation : { ...conversation, turns: conversation.turns.slice(0, at) }
}

/** `crypto.randomUUID` is missing on pages that came neither over HTTPS nor from loopback. */
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
