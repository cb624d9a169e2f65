import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { EngineError } from './errors.ts'
import { limits } from './limits.ts'
import type { RequestMessage } from './protocol.ts'
import type { ToolCall } from './results.ts'

/** One turn of a chat. */
export type Message =
  | { role: 'system' | 'user'; content: string | ContentPart[] }
  | {
      role: 'assistant'
      content: string
      /** What the model thought before it answered. Most templates drop it from earlier turns. */
      reasoning?: string | undefined
      toolCalls?: ToolCall[] | undefined
    }
  | {
      /** The result of a tool. */
      role: 'tool'
      content: string
      /** The `id` of the call that this is the result of. */
      toolCallId?: string | undefined
      /** The tool's name, which some templates need. */
      name?: string | undefined
    }

/** Part of a message. An image is a file's path, a data URL, or the bytes of a PNG, JPEG or WebP file. */
export type ContentPart = { type: 'text'; text: string } | { type: 'image'; image: string | Uint8Array }

// The type of z.instanceof(Uint8Array) leaves out bytes in shared memory.
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, {
  error: 'Input not instance of Uint8Array',
})

const contentSchema = z.union([
  z.string(),
  z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text'), text: z.string() }),
      z.strictObject({
        type: z.literal('image'),
        image: z.union([z.string().min(1), bytes]),
      }),
    ]),
  ),
])

const callSchema = z.strictObject({
  id: z.string(),
  name: z.string().min(1),
  arguments: z.record(z.string(), z.unknown()),
})

const messageSchema = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'user']), content: contentSchema }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.string(),
    reasoning: z.string().optional(),
    toolCalls: z.array(callSchema).max(limits.tools).optional(),
  }),
  z.strictObject({
    role: z.literal('tool'),
    content: z.string(),
    toolCallId: z.string().optional(),
    name: z.string().optional(),
  }),
])

export const messagesSchema = z.array(messageSchema).min(1).max(limits.messages)

/**
 * Converts messages for the worker and reads their images. Returns a promise only if there are images.
 *
 * @throws EngineError INVALID_REQUEST for an image that can't be read.
 */
export function toWorkerMessages(messages: readonly Message[]): RequestMessage[] | Promise<RequestMessage[]> {
  const plain = messages.map(withoutImages)
  return plain.every((message) => message !== undefined) ? plain : Promise.all(messages.map(withImages))
}

/** Converts a message, or returns undefined if it has images. */
function withoutImages(message: Message): RequestMessage | undefined {
  if (message.role === 'assistant' || message.role === 'tool') return message
  const { role, content } = message
  if (typeof content === 'string') return { role, content }
  const texts = content.filter((part) => part.type === 'text')
  return texts.length === content.length ? { role, content: texts } : undefined
}

async function withImages(message: Message): Promise<RequestMessage> {
  if (message.role === 'assistant' || message.role === 'tool') return message
  const { role, content } = message
  return {
    role,
    content: typeof content === 'string' ? content : await Promise.all(content.map(toWorkerPart)),
  }
}

async function toWorkerPart(content: ContentPart) {
  return content.type === 'text' ? content : { type: 'image' as const, data: await readImage(content.image) }
}

/**
 * Returns an image in base64.
 *
 * @throws EngineError INVALID_REQUEST for a file that can't be read, or another kind of URL.
 */
export async function readImage(image: string | Uint8Array): Promise<string> {
  if (typeof image !== 'string') return Buffer.from(image).toString('base64')
  const inline = /^data:image\/[\w.+-]+;base64,(.+)$/s.exec(image)?.[1]
  if (inline !== undefined) return inline
  if (/^[a-z][a-z0-9+.-]+:/i.test(image)) {
    throw new EngineError(
      'INVALID_REQUEST',
      `An image must be a file, a data URL or bytes, not ${image.slice(0, 80)}.`,
    )
  }
  try {
    return (await readFile(image)).toString('base64')
  } catch (cause) {
    throw new EngineError('INVALID_REQUEST', `Can't read the image ${image}.`, { cause })
  }
}
