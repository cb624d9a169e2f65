import { z } from '@hono/zod-openapi'

/** An error in OpenAI's shape: https://platform.openai.com/docs/guides/error-codes. */
export const openaiErrorSchema = z
  .object({
    error: z.object({
      message: z.string().meta({ description: 'What is wrong, for people.' }),
      type: z.string().meta({ description: 'The kind of error, as OpenAI names it.' }),
      param: z.string().nullable().meta({ description: 'The field that is wrong, as `messages.0.content`.' }),
      code: z.string().meta({ description: 'What is wrong, for programs: it does not change.' }),
    }),
  })
  .openapi('OpenAIError', {
    example: {
      error: {
        message: 'temperature: Too big: expected number to be <=2',
        type: 'invalid_request_error',
        param: 'temperature',
        code: 'invalid_value',
      },
    },
  })

/** An error in Anthropic's shape: https://docs.anthropic.com/en/api/errors. */
export const anthropicErrorSchema = z
  .object({
    type: z.literal('error'),
    error: z.object({
      type: z.string().meta({ description: 'The kind of error, as Anthropic names it.' }),
      message: z.string().meta({ description: 'What is wrong, for people.' }),
      details: z.object({
        error_code: z.string().meta({ description: 'What is wrong, for programs: it does not change.' }),
      }),
    }),
    request_id: z.string().meta({ description: 'The id by which the log knows the request.' }),
  })
  .openapi('AnthropicError', {
    example: {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'max_tokens: Invalid input: expected number',
        details: { error_code: 'invalid_value' },
      },
      request_id: 'req_0f8fad5bd9cb469fa16570867728950e',
    },
  })

/** What a status says, whichever API was called. */
export const failureMeanings = {
  400: 'The body can’t be served as it is; the message names the field.',
  401: 'The key is missing, or is none of this server’s.',
  403: 'The Host or Origin is not one that this server answers to.',
  404: 'There is no such model, or no such thing.',
  413: 'The body is larger than the server takes.',
  415: 'The body is not `application/json`.',
  429: 'Too many requests wait or run. `Retry-After` says when to come again.',
  500: 'The server failed. The message holds the id of the request, which stands in the log.',
  503: 'The model is being loaded or started again, or the server ends. `Retry-After` says when to come again.',
  504: 'The answer took longer than the server lets it.',
} as const

type FailureStatus = keyof typeof failureMeanings

export type ErrorShape = 'OpenAI' | 'Anthropic'

/** document.ts makes what these refer to: one description for each shape and status. */
function failures(shape: ErrorShape) {
  const at = (status: FailureStatus) => ({ $ref: `#/components/responses/${shape}${status}` })
  return {
    400: at(400),
    401: at(401),
    403: at(403),
    404: at(404),
    413: at(413),
    415: at(415),
    429: at(429),
    500: at(500),
    503: at(503),
    504: at(504),
  }
}

/** Spread into the `responses` of a route that generates, in OpenAI's shape. */
export const openaiFailures = failures('OpenAI')

/** Spread into the `responses` of a route that generates, in Anthropic's shape. */
export const anthropicFailures = failures('Anthropic')

/** Spread into the `responses` of a route that only reads: `GET /v1/models`. */
export const readFailures = {
  401: openaiFailures[401],
  403: openaiFailures[403],
  500: openaiFailures[500],
  503: openaiFailures[503],
} as const

/** Spread into the `responses` of a route that anybody may call without a key: `GET /health`. Give it `security: []`. */
export const openFailures = { 403: openaiFailures[403], 500: openaiFailures[500] } as const

/** A 200 that is JSON. */
export function jsonAnswer<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/**
 * A 200 that is JSON, or server-sent events where the request says `stream: true`.
 *
 * @param event the schema of the `data` of one event.
 */
export function streamedAnswer<Schema extends z.ZodType, Event extends z.ZodType>(
  schema: Schema,
  event: Event,
  description: string,
) {
  return {
    description: `${description} With \`stream: true\`, server-sent events in its place; the schema is that of the data of one of them.`,
    content: { 'application/json': { schema }, 'text/event-stream': { schema: event } },
  }
}
