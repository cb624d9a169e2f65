import { z } from '@hono/zod-openapi'
import { limits, type ResponseFormat } from 'mlx-app'
import { invalid } from '../errors.ts'
import { maxDepth, measureJson } from '../http/json-shape.ts'
import { toEngineFormat } from '../requests/response-format.ts'
import { singleValue, unknownTypeError, unsupportedField } from './unsupported-fields.ts'

const json = z.record(z.string(), z.unknown())
/** Empty values mean that no format is asked for, because forms of clients send them. */
const text = z.string().max(limits.grammarCharacters).nullish()

/** A JSON Schema, which some clients send as a string. */
const schema = z.union([json, z.string()], { error: 'Invalid input: expected a JSON Schema' }).nullish()
const choice = z.array(z.string()).nullish()

const responseFormat = z
  .discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('text') }),
      z.object({
        type: z.literal('json_object'),
        schema: json.nullish().meta({ description: 'A JSON Schema that the object follows.' }),
      }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({
          name: z.string().nullish(),
          description: z.string().nullish(),
          schema: json.nullish(),
          strict: z.boolean().nullish().meta({ description: 'Ignored. The schema is always enforced.' }),
        }),
      }),
    ],
    { error: unknownTypeError('Invalid input: expected text, json_object or json_schema') },
  )
  .openapi('ChatResponseFormat')

const structuredOutputs = z
  .object({
    json: schema,
    choice,
    regex: text,
    grammar: text,
    json_object: z.boolean().nullish(),
    structural_tag: unsupportedField('use grammar instead.'),
    whitespace_pattern: unsupportedField('JSON has a space after each comma and colon.'),
    disable_additional_properties: singleValue(false, 'set additionalProperties in the schema instead.'),
  })
  .openapi('StructuredOutputs')

/** The fields of chat completions and completions for the format of the text. */
export const formatShape = {
  response_format: responseFormat.nullish(),
  structured_outputs: structuredOutputs.nullish().meta({
    description: 'The format as in vLLM: one of `json`, `choice`, `regex`, `grammar` and `json_object`.',
  }),
  guided_json: schema.meta({ description: 'The JSON Schema of the answer, as in vLLM.' }),
  guided_choice: choice.meta({ description: 'The possible answers, as in vLLM.' }),
  guided_regex: text.meta({ description: 'A regular expression for the whole answer, as in vLLM.' }),
  guided_grammar: text.meta({ description: 'A grammar in Lark or GBNF, as in vLLM.' }),
  json_schema: schema.meta({ description: 'The JSON Schema of the answer, as in llama.cpp.' }),
  grammar: text.meta({ description: 'A grammar in GBNF or Lark, as in llama.cpp.' }),
  guided_whitespace_pattern: unsupportedField('JSON has a space after each comma and colon.'),
}

const formatSchema = z.object(formatShape)
type Fields = z.output<typeof formatSchema>

/**
 * Returns the format that a request asks for, if it asks for one.
 *
 * @throws ApiError 400 if it asks for several, or if a schema is not JSON.
 */
export function toRequestedFormat(body: Fields): { responseFormat?: ResponseFormat } {
  const { response_format: format, structured_outputs: outputs } = body
  const formatOfApi =
    format?.type === 'json_schema' ? { type: format.type, schema: format.json_schema.schema } : format
  const fields: [string, ResponseFormat | undefined][] = [
    ['response_format', toEngineFormat(formatOfApi)],
    ['structured_outputs.json', ofSchema(outputs?.json, 'structured_outputs.json')],
    ['structured_outputs.choice', ofChoice(outputs?.choice)],
    ['structured_outputs.regex', ofRegex(outputs?.regex)],
    ['structured_outputs.grammar', ofGrammar(outputs?.grammar)],
    ['structured_outputs.json_object', outputs?.json_object === true ? { type: 'json_object' } : undefined],
    ['guided_json', ofSchema(body.guided_json, 'guided_json')],
    ['guided_choice', ofChoice(body.guided_choice)],
    ['guided_regex', ofRegex(body.guided_regex)],
    ['guided_grammar', ofGrammar(body.guided_grammar)],
    ['json_schema', ofSchema(body.json_schema, 'json_schema')],
    ['grammar', ofGrammar(body.grammar)],
  ]
  const [first, second] = fields.filter(([, asked]) => asked !== undefined)
  if (first !== undefined && second !== undefined) {
    throw invalid(`${second[0]}: cannot be combined with ${first[0]}.`, second[0])
  }
  return first?.[1] === undefined ? {} : { responseFormat: first[1] }
}

function ofSchema(schema: Fields['guided_json'], param: string): ResponseFormat | undefined {
  if (schema == null || schema === '') return undefined
  if (typeof schema !== 'string') return { type: 'json_schema', schema }
  const { depth } = measureJson(Buffer.from(schema), { depth: maxDepth, values: Number.POSITIVE_INFINITY })
  if (depth > maxDepth) throw invalid(`${param}: nested more than ${maxDepth} levels deep.`, param)
  try {
    return { type: 'json_schema', schema: json.parse(JSON.parse(schema)) }
  } catch {
    throw invalid(`${param}: the string must contain a JSON Schema.`, param)
  }
}

function ofChoice(choices: Fields['guided_choice']): ResponseFormat | undefined {
  if (choices == null || choices.length === 0) return undefined
  // Strings of Lark are those of JSON.
  return ofGrammar(`start: ${choices.map((each) => JSON.stringify(each)).join(' | ')}`)
}

function ofRegex(pattern: string | null | undefined): ResponseFormat | undefined {
  return pattern ? { type: 'regex', pattern } : undefined
}

function ofGrammar(grammar: string | null | undefined): ResponseFormat | undefined {
  return grammar ? { type: 'grammar', grammar } : undefined
}
