import { z } from '@hono/zod-openapi'

/** The parts of a JSON Schema that the page shows. */
const schemaSchema = z.object({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  default: z.unknown().optional(),
  required: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  pattern: z.string().optional(),
  get items() {
    return schemaSchema.optional()
  },
  get properties() {
    return z.record(z.string(), schemaSchema).optional()
  },
  get additionalProperties() {
    return z.union([z.boolean(), schemaSchema]).optional()
  },
  get oneOf() {
    return z.array(schemaSchema).optional()
  },
  get anyOf() {
    return z.array(schemaSchema).optional()
  },
  get allOf() {
    return z.array(schemaSchema).optional()
  },
})

const content = z.record(
  z.string(),
  z.object({ schema: schemaSchema.optional(), example: z.unknown().optional() }),
)

const answerSchema = z.object({
  $ref: z.string().optional(),
  description: z.string().optional(),
  content: content.optional(),
})

const operationSchema = z.object({
  operationId: z.string().optional(),
  summary: z.string().default(''),
  description: z.string().optional(),
  tags: z.array(z.string()).default([]),
  security: z.array(z.unknown()).optional(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        description: z.string().optional(),
        required: z.boolean().optional(),
        schema: schemaSchema.optional(),
      }),
    )
    .default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), answerSchema),
})

const pageSchema = z.object({
  info: z.object({ title: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({
    schemas: z.record(z.string(), schemaSchema),
    responses: z.record(z.string(), answerSchema),
  }),
})

export type Schema = z.output<typeof schemaSchema>
export type Answer = z.output<typeof answerSchema>

export interface Operation extends z.output<typeof operationSchema> {
  operationId: string
  method: string
  path: string
}

/** The OpenAPI document in the form that the page shows. */
export interface PageModel {
  title: string
  description: string
  sections: { name: string; description: string; operations: Operation[] }[]
  schemas: Record<string, Schema>
  answers: Record<string, Answer>
}

/**
 * Parses an OpenAPI document of this server.
 *
 * @throws z.ZodError if it has another form.
 */
export function parseDocument(document: unknown): PageModel {
  const { info, tags, paths, components } = pageSchema.parse(document)
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      operationId: operation.operationId ?? `${method}${path}`,
      method,
      path,
    })),
  )
  const known = tags.map(({ name }) => name)
  return {
    ...info,
    // Routes without a tag are shown too.
    sections: [...tags, { name: 'Other', description: '' }].flatMap((tag) => {
      const own = operations.filter(({ tags: [first = ''] }) =>
        known.includes(first) ? first === tag.name : tag.name === 'Other',
      )
      return own.length === 0 ? [] : { ...tag, operations: own }
    }),
    schemas: components.schemas,
    answers: components.responses,
  }
}

/** Returns the name in a reference such as `#/components/schemas/Name`. */
export function schemaName(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1)
}
