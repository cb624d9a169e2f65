import { z } from '@hono/zod-openapi'

/** Names the types that there are, where one is given that is none of them. */
function known(what: string, types: readonly string[]) {
  return {
    error: (issue: { code?: string | undefined }) =>
      issue.code === 'invalid_union' ? `${what} is one of: ${types.join(', ')}.` : undefined,
  }
}

export const textBlockSchema = z
  .object({ type: z.literal('text'), text: z.string() })
  .openapi('AnthropicTextParam', {
    description: 'Words. `cache_control` is ignored: all prompts are cached.',
  })

const imageBlockSchema = z
  .object({
    type: z.literal('image'),
    source: z.discriminatedUnion(
      'type',
      [
        z.object({
          type: z.literal('base64'),
          media_type: z.string().meta({ description: 'image/png, image/jpeg or image/webp.' }),
          data: z.string(),
        }),
        z.object({
          type: z.literal('url'),
          url: z.string().meta({ description: 'A data URL, or an address on a host that the server lists.' }),
        }),
      ],
      known('The source of an image', ['base64', 'url']),
    ),
  })
  .openapi('AnthropicImageParam', { description: 'An image, for a model that sees.' })

const toolResultBlockSchema = z
  .object({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    content: z
      .union([
        z.string(),
        z.array(
          z.discriminatedUnion(
            'type',
            [textBlockSchema, imageBlockSchema],
            known('A part of a result', ['text', 'image']),
          ),
        ),
      ])
      .nullish(),
    is_error: z.boolean().nullish().meta({ description: 'The model reads `Error: ` before the content.' }),
  })
  .openapi('AnthropicToolResultParam', { description: 'What a tool gave.' })

const toolUseBlockSchema = z
  .object({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string().min(1),
    input: z.record(z.string(), z.unknown()),
  })
  .openapi('AnthropicToolUseParam', { description: 'A call that the assistant made.' })

const thinkingBlockSchema = z
  .object({ type: z.literal('thinking'), thinking: z.string() })
  .openapi('AnthropicThinkingParam', {
    description: 'What the assistant thought. Templates keep it or drop it; the signature is not looked at.',
  })

const redactedBlockSchema = z
  .object({ type: z.literal('redacted_thinking') })
  .openapi('AnthropicRedactedThinkingParam', { description: 'Accepted, and left out: no model can read it.' })

const turn = <Role extends string, Block extends z.ZodType>(role: Role, block: Block) =>
  z.object({ role: z.literal(role), content: z.union([z.string(), z.array(block)]) })

/** One turn of a conversation. */
export const turnSchema = z
  .discriminatedUnion(
    'role',
    [
      turn(
        'user',
        z.discriminatedUnion(
          'type',
          [textBlockSchema, imageBlockSchema, toolResultBlockSchema],
          known('A block of a user', ['text', 'image', 'tool_result']),
        ),
      ),
      turn(
        'assistant',
        z.discriminatedUnion(
          'type',
          [textBlockSchema, toolUseBlockSchema, thinkingBlockSchema, redactedBlockSchema],
          known('A block of the assistant', ['text', 'tool_use', 'thinking', 'redacted_thinking']),
        ),
      ),
      turn('system', textBlockSchema),
    ],
    known('A role', ['user', 'assistant', 'system']),
  )
  .openapi('AnthropicTurn')

export type Turn = z.output<typeof turnSchema>
export type ImageBlock = z.output<typeof imageBlockSchema>
export type ToolResultBlock = z.output<typeof toolResultBlockSchema>
/** The content of a turn of one role, where it is a list. */
export type BlocksOf<Role extends Turn['role']> = Exclude<Extract<Turn, { role: Role }>['content'], string>
