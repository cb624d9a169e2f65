import { z } from '@hono/zod-openapi'

/** A field that clients know and this server can't honour: null is as good as absent, anything else a 400 that says so. */
export function unsupportedField(reason: string) {
  return z
    .null({ error: `this server has none: ${reason}` })
    .optional()
    .meta({ description: `Refused: ${reason}` })
}

/** A field of which one value, which changes nothing, can be honoured. */
export function singleValue<Value extends string | number | boolean>(value: Value, reason: string) {
  return z
    .literal(value, { error: `only ${JSON.stringify(value)} can be had here: ${reason}` })
    .nullish()
    .meta({ description: `Only ${JSON.stringify(value)}: ${reason}` })
}

/** What a union says of a value of none of its kinds; one that is no object at all is told so by zod. */
export function unknownTypeError(message: string) {
  return ({ code }: { code?: string | undefined }) => (code === 'invalid_union' ? message : undefined)
}
