import { z } from '@hono/zod-openapi'

/** Returns the error of a union for an unknown type, which lists the known ones. */
function known(what: string, types: readonly string[]) {
  return {
    error: (issue: { code?: string | undefined }) =>
      issue.code === 'invalid_union' ? `${what} must be one of: ${types.join(', ')}.` : undefined,
  }
}

export const textBlockSchema = z
  .object({ type: z.literal('text'), text: z.string() })
  .openapi('AnthropicTextParam', {
    description: 'Text. `cache_control` is ignored, because all prompts are cached.',
  })

const imageBlockSchema = z
  .object({
    type: z.literal('image'),
    source: z.discriminatedUnion(
      'type',
      [
        z.object({
          type: z.literal('base64'),
          media_type: z.string().meta({ description: '`image/png`, `image/jpeg` or `image/webp`.' }),
          data: z.string(),
        }),
        z.object({
          type: z.literal('url'),
          url: z.string().meta({ description: 'A data URL, or a URL on a host that the server allows.' }),
        }),
      ],
      known('The type of an image source', ['base64', 'url']),
    ),
  })
  .openapi('AnthropicImageParam', { description: 'An image, for models that accept images.' })

/** Blocks that only their maker can read: tools that it runs itself, and what it keeps of them. */
const foreignTypes = [
  'server_tool_use',
  'web_search_tool_result',
  'web_fetch_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
  'tool_search_tool_result',
  'mcp_tool_use',
  'mcp_tool_result',
  'tool_reference',
  'container_upload',
  'compaction',
] as const

const foreignBlockSchema = z
  .looseObject({ type: z.enum(foreignTypes) })
  .openapi('AnthropicForeignParam', { description: 'A block of a tool of another server. It is left out.' })

const searchResultBlockSchema = z
  .object({
    type: z.literal('search_result'),
    source: z.string(),
    title: z.string(),
    content: z.array(textBlockSchema),
  })
  .openapi('AnthropicSearchResultParam', { description: 'A passage of a source. It is read as text.' })

const documentBlockSchema = z
  .object({
    type: z.literal('document'),
    source: z.looseObject({
      type: z.string(),
      data: z.string().nullish(),
      content: z
        .union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().nullish() }))])
        .nullish(),
    }),
    title: z.string().nullish(),
    context: z.string().nullish(),
  })
  .openapi('AnthropicDocumentParam', {
    description: 'A document. A source of type `text` or `content` is read as text, and others are left out.',
  })

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
            [
              textBlockSchema,
              imageBlockSchema,
              searchResultBlockSchema,
              documentBlockSchema,
              foreignBlockSchema,
            ],
            known('The type of a tool result part', ['text', 'image', 'search_result', 'document']),
          ),
        ),
      ])
      .nullish(),
    is_error: z
      .boolean()
      .nullish()
      .meta({ description: 'Whether the tool failed. The content is then prefixed with `Error: `.' }),
  })
  .openapi('AnthropicToolResultParam', { description: 'The result of a tool call.' })

const toolUseBlockSchema = z
  .object({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string().min(1),
    input: z.unknown().meta({ description: 'The arguments: an object.' }),
  })
  .openapi('AnthropicToolUseParam', { description: 'A tool call of the assistant.' })

const thinkingBlockSchema = z
  .object({ type: z.literal('thinking'), thinking: z.string() })
  .openapi('AnthropicThinkingParam', {
    description: 'The reasoning of the assistant. Chat templates may drop it. The signature is ignored.',
  })

const redactedBlockSchema = z
  .object({ type: z.literal('redacted_thinking') })
  .openapi('AnthropicRedactedThinkingParam', { description: 'Accepted and ignored.' })

const turn = <Role extends string, Block extends z.ZodType>(role: Role, block: Block) =>
  z.object({ role: z.literal(role), content: z.union([z.string(), z.array(block)]) })

/** A turn of the conversation. */
export const turnSchema = z
  .discriminatedUnion(
    'role',
    [
      turn(
        'user',
        z.discriminatedUnion(
          'type',
          [
            textBlockSchema,
            imageBlockSchema,
            toolResultBlockSchema,
            searchResultBlockSchema,
            documentBlockSchema,
            foreignBlockSchema,
          ],
          known('The type of a user block', ['text', 'image', 'tool_result', 'search_result', 'document']),
        ),
      ),
      turn(
        'assistant',
        z.discriminatedUnion(
          'type',
          [textBlockSchema, toolUseBlockSchema, thinkingBlockSchema, redactedBlockSchema, foreignBlockSchema],
          known('The type of an assistant block', ['text', 'tool_use', 'thinking', 'redacted_thinking']),
        ),
      ),
      turn('system', textBlockSchema),
      turn('developer', textBlockSchema),
    ],
    known('The role', ['user', 'assistant', 'system', 'developer']),
  )
  .openapi('AnthropicTurn')

export type Turn = z.output<typeof turnSchema>
export type ImageBlock = z.output<typeof imageBlockSchema>
export type SearchResultBlock = z.output<typeof searchResultBlockSchema>
export type DocumentBlock = z.output<typeof documentBlockSchema>
export type ForeignBlock = z.output<typeof foreignBlockSchema>
export type ToolResultBlock = z.output<typeof toolResultBlockSchema>

/** Whether a block is one that only its maker can read. */
export function isForeign(block: { type: string }): block is ForeignBlock {
  return foreignTypes.some((type) => type === block.type)
}

/** The blocks of a turn with the given role. */
export type BlocksOf<Role extends Turn['role']> = Exclude<Extract<Turn, { role: Role }>['content'], string>
