import { z } from '@hono/zod-openapi'

/** An error in OpenAI's format: https://platform.openai.com/docs/guides/error-codes. */
export const openaiErrorSchema = z
  .object({
    error: z.object({
      message: z.string().meta({ description: 'An explanation for people.' }),
      type: z.string().meta({ description: 'The error type, as in OpenAI’s API.' }),
      param: z.string().nullable().meta({ description: 'The invalid field, such as `messages.0.content`.' }),
      code: z.string().meta({ description: 'A stable error code for programs.' }),
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

/** An error in Anthropic's format: https://docs.anthropic.com/en/api/errors. */
export const anthropicErrorSchema = z
  .object({
    type: z.literal('error'),
    error: z.object({
      type: z.string().meta({ description: 'The error type, as in Anthropic’s API.' }),
      message: z.string().meta({ description: 'An explanation for people.' }),
      details: z.object({
        error_code: z.string().meta({ description: 'A stable error code for programs.' }),
      }),
    }),
    request_id: z.string().meta({ description: 'The ID of the request in the server log.' }),
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

/** The meaning of each error status, for all APIs. */
export const failureMeanings = {
  400: 'The request is invalid. The message names the field.',
  401: 'The API key is missing or invalid.',
  403: 'The server does not accept requests for this host or from this origin.',
  404: 'The model, response or endpoint does not exist.',
  413: 'The body is too large.',
  415: 'The body is not `application/json`.',
  429: 'Too many requests are running or waiting. Try again after `Retry-After`.',
  500: 'Internal error. The message has the request ID, which also appears in the server log.',
  503: 'The model is being loaded or restarted, or the server is shutting down. Try again after `Retry-After`.',
  504: 'The answer took too long.',
} as const

type FailureStatus = keyof typeof failureMeanings

export type ErrorShape = 'OpenAI' | 'Anthropic'

/** Returns references to the error responses that document.ts registers, one per API and status. */
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

/** The error responses of a route that generates, in OpenAI's format. */
export const openaiFailures = failures('OpenAI')

/** The error responses of a route that generates, in Anthropic's format. */
export const anthropicFailures = failures('Anthropic')

/** The error responses of a route that only reads, such as `GET /v1/models`. */
export const readFailures = {
  401: openaiFailures[401],
  403: openaiFailures[403],
  500: openaiFailures[500],
  503: openaiFailures[503],
} as const

/** The error responses of a public route, such as `GET /health`, which also needs `security: []`. */
export const openFailures = { 403: openaiFailures[403], 500: openaiFailures[500] } as const

/** Describes a JSON response. */
export function jsonAnswer<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/**
 * Describes a response that is JSON, or server-sent events if the request has `stream: true`.
 *
 * @param event the schema of the data of an event.
 */
export function streamedAnswer<Schema extends z.ZodType, Event extends z.ZodType>(
  schema: Schema,
  event: Event,
  description: string,
) {
  return {
    description: `${description} With \`stream: true\`, it is sent as server-sent events; the \`text/event-stream\` schema describes the data of one event.`,
    content: { 'application/json': { schema }, 'text/event-stream': { schema: event } },
  }
}
