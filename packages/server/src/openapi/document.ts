import { createRoute, z } from '@hono/zod-openapi'
import type { Api } from '../context.ts'
import { examples } from './examples.ts'
import {
  anthropicErrorSchema,
  failureMeanings,
  jsonAnswer,
  openaiErrorSchema,
  openFailures,
} from './responses.ts'
import { simplifySchemas } from './simplify-schemas.ts'
import { tagDescriptions, tags } from './tags.ts'

const description = `A language model on Apple MLX, compatible with the OpenAI and Anthropic APIs.

Use \`/v1\` as the base URL of OpenAI clients, and the server's address for Anthropic clients. Fields that are not
described here are ignored. A described field with an invalid type or value is rejected with a 400 that names the
field. \`null\` counts as absent.`

const documentSchema = z.record(z.string(), z.unknown())

const route = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getDocument',
  summary: 'Get this API description',
  description: 'The API of this server as an OpenAPI document.',
  tags: [tags.server],
  security: [],
  responses: {
    200: jsonAnswer(documentSchema.meta({ description: 'An OpenAPI 3.1 document.' }), 'The document.'),
    ...openFailures,
  },
})

type Made = ReturnType<Api['getOpenAPI31Document']>

/** Builds the OpenAPI 3.1 document of all routes that the app has so far. */
export function buildDocument(api: Api): Record<string, unknown> {
  const made = api.getOpenAPI31Document(
    {
      openapi: '3.1.0',
      info: {
        title: 'MLX server',
        version: '1',
        description,
      },
      tags: tagDescriptions,
      // Both headers are accepted. A server without keys needs none.
      security: [{ bearer: [] }, { apiKey: [] }, {}],
    },
    { unionPreferredType: 'anyOf' },
  )
  addExamples(made)
  const components = removeUnusedResponses(made)
  return documentSchema.parse(simplifySchemas({ ...made, components }, components.schemas ?? {}))
}

function addExamples({ paths = {} }: Made): void {
  for (const { operationId = '', requestBody } of Object.values(paths).flatMap((path) => path.post ?? [])) {
    if (requestBody === undefined || '$ref' in requestBody) continue
    const { 'application/json': json } = requestBody.content
    if (json !== undefined) json.example ??= examples[operationId]
  }
}

/** Returns the components without shared errors that no route uses. */
function removeUnusedResponses(made: Made): NonNullable<Made['components']> {
  const text = JSON.stringify(made.paths)
  const used = Object.entries(made.components?.responses ?? {}).filter(([name]) =>
    text.includes(`"#/components/responses/${name}"`),
  )
  return { ...made.components, responses: Object.fromEntries(used) }
}

/** Adds `GET /openapi.json`. The document is built at the first request, when all routes exist. */
export function addOpenApiDocument(api: Api): void {
  registerSharedComponents(api)
  let made: Record<string, unknown> | undefined
  api.openapi(route, (c) => {
    made ??= buildDocument(api)
    // A relative URL works behind any proxy.
    const url = c.var.prefix || '/'
    return c.json({ ...made, servers: [{ url, description: 'This server.' }] }, 200)
  })
}

function registerSharedComponents({ openAPIRegistry: registry }: Api): void {
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key of this server, as OpenAI’s clients send it. Create one with `mlx-app-server keys`.',
  })
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: 'The same key, as Anthropic’s clients send it.',
  })
  registry.register('OpenAIError', openaiErrorSchema)
  registry.register('AnthropicError', anthropicErrorSchema)
  for (const shape of ['OpenAI', 'Anthropic']) {
    for (const [status, meaning] of Object.entries(failureMeanings)) {
      const schema = { $ref: `#/components/schemas/${shape}Error` }
      registry.registerComponent('responses', `${shape}${status}`, {
        description: meaning,
        content: { 'application/json': { schema } },
      })
    }
  }
}
