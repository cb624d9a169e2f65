import { z } from '@hono/zod-openapi'
import { grammarShape } from '../requests/custom-tools.ts'
import { knownTypes } from './input-items.ts'

/** Tool types that OpenAI runs itself, or that depend on its models, from OpenAI's JavaScript client 7.57.0. */
const unsupportedTypes = [
  'apply_patch',
  'code_interpreter',
  'computer',
  'computer_use_preview',
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
    name: z.string().meta({ description: 'Up to 64 letters, digits, `_`, `.` and `-`.' }),
    description: z.string().nullish(),
    parameters: jsonSchema.nullish(),
    strict: z
      .boolean()
      .nullish()
      .meta({ description: 'Ignored. A required call always follows the schema.' }),
  })
  .openapi('ResponseFunctionTool', { description: 'A function that the model can call.' })

const customTool = z
  .object({
    type: z.literal('custom'),
    name: z.string().meta({ description: 'Up to 64 letters, digits, `_`, `.` and `-`.' }),
    description: z.string().nullish(),
    format: z
      .discriminatedUnion(
        'type',
        [z.object({ type: z.literal('text') }), z.object({ type: z.literal('grammar'), ...grammarShape })],
        knownTypes('The type of a format', ['text', 'grammar']),
      )
      .nullish()
      .meta({ description: 'The format of the text. Each call follows the grammar. Default: any text.' }),
  })
  .openapi('ResponseCustomTool', { description: 'A tool that the model calls with a text.' })

/** A tool that is returned in the response as it was sent. */
const unsupportedTool = z.looseObject({ type: z.enum(unsupportedTypes) }).openapi('ResponseForeignTool', {
  description:
    'A tool that this server does not support. The model does not see it. A `tool_choice` that leaves only such tools is rejected.',
})

const namespaceTool = z
  .object({
    type: z.literal('namespace'),
    name: z.string().meta({ description: 'Up to 64 letters, digits, `_`, `.` and `-`.' }),
    description: z
      .string()
      .nullish()
      .meta({ description: 'Put before the description of the first function.' }),
    tools: z.array(
      z.discriminatedUnion(
        'type',
        [functionTool, customTool, unsupportedTool],
        knownTypes('The type of a tool', ['function', 'custom']),
      ),
    ),
  })
  .openapi('ResponseNamespaceTool', {
    description:
      'A group of functions. The model sees both names joined, as in `crm__get_customer`. Calls have them separately, as `name` and `namespace`.',
  })

export const toolSchema = z.discriminatedUnion(
  'type',
  [functionTool, customTool, namespaceTool, unsupportedTool],
  knownTypes('The type of a tool', ['function', 'custom', 'namespace', ...unsupportedTypes]),
)

const namedFunction = z
  .object({
    type: z.literal('function'),
    name: z.string(),
    namespace: z
      .string()
      .nullish()
      .meta({ description: 'The namespace, if several namespaces have a function of that name.' }),
  })
  .openapi('ResponseNamedFunction', { description: 'The function to call.' })

const namedCustom = namedFunction
  .extend({ type: z.literal('custom') })
  .openapi('ResponseNamedCustomTool', { description: 'The custom tool to call.' })

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
          [namedFunction, namedCustom, namedNamespace, unsupportedTool],
          knownTypes('The type of a tool', ['function', 'custom', 'namespace', ...unsupportedTypes]),
        ),
      )
      .min(1),
  })
  .openapi('ResponseAllowedTools', {
    description: 'Restricts `tools` to those that the model sees in this request.',
  })

export const toolChoiceSchema = z.union([
  z.enum(['auto', 'none', 'required']),
  z.discriminatedUnion(
    'type',
    [namedFunction, namedCustom, allowedTools, unsupportedTool],
    knownTypes('The type of a choice', ['function', 'custom', 'allowed_tools']),
  ),
])

export type ToolParam = z.output<typeof toolSchema>
export type FunctionToolParam = z.output<typeof functionTool>
export type CustomToolParam = z.output<typeof customTool>
export type NamedTool = z.output<typeof namedFunction> | z.output<typeof namedCustom>
/** An entry of `tools` in the choice `allowed_tools`. */
export type AllowedTool = z.output<typeof allowedTools>['tools'][number]
