import { z } from '@hono/zod-openapi'

/** A field of OpenAI's API that this server does not support. Only null is accepted, and counts as absent. */
export function unsupportedField(reason: string) {
  return z
    .null({ error: `not supported: ${reason}` })
    .optional()
    .meta({ description: `Not supported: ${reason}` })
}

/** A field that accepts only its default value. */
export function singleValue<Value extends string | number | boolean>(value: Value, reason: string) {
  return z
    .literal(value, { error: `only ${JSON.stringify(value)} is supported: ${reason}` })
    .nullish()
    .meta({ description: `Only ${JSON.stringify(value)} is supported: ${reason}` })
}

/** Returns the error of a union for an unknown type. Zod's own message covers values that are not objects. */
export function unknownTypeError(message: string) {
  return ({ code }: { code?: string | undefined }) => (code === 'invalid_union' ? message : undefined)
}
