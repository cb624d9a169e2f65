import { z } from '@hono/zod-openapi'
import { knownTypes } from './input-items.ts'

/** The tools that OpenAI runs, or whose calls are no JSON: of those that its client for JavaScript 7.57.0 knows. */
const foreignTypes = [
  'apply_patch',
  'code_interpreter',
  'computer',
  'computer_use_preview',
  'custom',
  'file_search',
  'image_generation',
  'local_shell',
  'mcp',
  'programmatic_tool_calling',
  'shell',
  'tool_search',
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
] as const

export const jsonSchema = z.record(z.string(), z.unknown()).meta({ description: 'A JSON Schema.' })

const functionTool = z
  .object({
    type: z.literal('function'),
    name: z.string().meta({ description: 'Letters, digits and `_ . -`, up to 64.' }),
    description: z.string().nullish(),
    parameters: jsonSchema.nullish(),
    strict: z.boolean().nullish().meta({ description: 'Arguments are kept to the schema either way.' }),
  })
  .openapi('ResponseFunctionTool', { description: 'A function that the model may call.' })

/** Comes back as it was sent, with what this server doesn't read. */
const foreignTool = z.looseObject({ type: z.enum(foreignTypes) }).openapi('ResponseForeignTool', {
  description:
    'A tool that this server doesn’t have: the model is not told of it. A `tool_choice` that leaves no other is refused.',
})

const namespaceTool = z
  .object({
    type: z.literal('namespace'),
    name: z.string().meta({ description: 'Letters, digits and `_ . -`, up to 64.' }),
    description: z
      .string()
      .nullish()
      .meta({ description: 'The model reads it before the description of the first function.' }),
    tools: z.array(
      z.discriminatedUnion(
        'type',
        [functionTool, foreignTool],
        knownTypes('The type of a tool', ['function', 'custom']),
      ),
    ),
  })
  .openapi('ResponseNamespaceTool', {
    description:
      'Functions that belong together. The model knows each by both names, as `crm__get_customer`; its calls have them apart, as `name` and `namespace`.',
  })

export const toolSchema = z.discriminatedUnion(
  'type',
  [functionTool, namespaceTool, foreignTool],
  knownTypes('The type of a tool', ['function', 'namespace', ...foreignTypes]),
)

const namedFunction = z
  .object({
    type: z.literal('function'),
    name: z.string(),
    namespace: z
      .string()
      .nullish()
      .meta({ description: 'The namespace that it is in, where several have one of that name.' }),
  })
  .openapi('ResponseNamedFunction', { description: 'The one function that must be called.' })

const namedNamespace = z
  .object({ type: z.literal('namespace'), name: z.string() })
  .openapi('ResponseNamedNamespace', { description: 'All functions of a namespace.' })

const allowedTools = z
  .object({
    type: z.literal('allowed_tools'),
    mode: z.enum(['auto', 'required']),
    tools: z
      .array(
        z.discriminatedUnion(
          'type',
          [namedFunction, namedNamespace, foreignTool],
          knownTypes('The type of a tool', ['function', 'namespace', ...foreignTypes]),
        ),
      )
      .min(1),
  })
  .openapi('ResponseAllowedTools', { description: 'The tools of `tools` that the model sees this time.' })

export const toolChoiceSchema = z.union([
  z.enum(['auto', 'none', 'required']),
  z.discriminatedUnion(
    'type',
    [namedFunction, allowedTools, foreignTool],
    knownTypes('The type of a choice', ['function', 'allowed_tools']),
  ),
])

export type ToolParam = z.output<typeof toolSchema>
export type FunctionToolParam = z.output<typeof functionTool>
export type NamedFunction = z.output<typeof namedFunction>
/** One of `tools` of the choice `allowed_tools`. */
export type AllowedTool = z.output<typeof allowedTools>['tools'][number]
