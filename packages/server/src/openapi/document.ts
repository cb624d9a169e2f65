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

const description = `A language model behind the APIs that clients know, on Apple MLX.

Point a client of OpenAI's API at \`/v1\`, one of Anthropic's at the address itself. Fields of a request that are not
described here are ignored; fields that are described and have a wrong type or value are a 400 that names them, and
\`null\` is as good as absent.`

const documentSchema = z.record(z.string(), z.unknown())

const route = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getDocument',
  summary: 'This description',
  description: 'What the server can be asked, as an OpenAPI document.',
  tags: [tags.server],
  security: [],
  responses: {
    200: jsonAnswer(documentSchema.meta({ description: 'An OpenAPI 3.1 document.' }), 'The document.'),
    ...openFailures,
  },
})

type Made = ReturnType<Api['getOpenAPI31Document']>

/** The description of all routes that the app has by now, as an OpenAPI 3.1 document. */
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
      // Either is as good, and where the server has no keys none is asked for.
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

/** The shared errors that no route has are left out. */
function removeUnusedResponses(made: Made): NonNullable<Made['components']> {
  const text = JSON.stringify(made.paths)
  const used = Object.entries(made.components?.responses ?? {}).filter(([name]) =>
    text.includes(`"#/components/responses/${name}"`),
  )
  return { ...made.components, responses: Object.fromEntries(used) }
}

/** `GET /openapi.json`: made from the routes at the first request, when all of them are there. */
export function addOpenApiDocument(api: Api): void {
  registerSharedComponents(api)
  let made: Record<string, unknown> | undefined
  api.openapi(route, (c) => {
    made ??= buildDocument(api)
    // Relative to the document's own address, whatever stands in front of it.
    const url = c.var.prefix || '/'
    return c.json(
      { ...made, servers: [{ url, description: 'The server that this document comes from.' }] },
      200,
    )
  })
}

function registerSharedComponents({ openAPIRegistry: registry }: Api): void {
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of this server, as its script `keys` makes them. OpenAI’s clients send it so.',
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
