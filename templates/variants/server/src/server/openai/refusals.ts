import { z } from '@hono/zod-openapi'

/** A field that clients know and this server can't honour: null is as good as absent, anything else a 400 that says so. */
export function refused(reason: string) {
  return z
    .null({ error: `this server has none: ${reason}` })
    .optional()
    .meta({ description: `Refused: ${reason}` })
}

/** A field of which one value, which changes nothing, can be honoured. */
export function only<Value extends string | number | boolean>(value: Value, reason: string) {
  return z
    .literal(value, { error: `only ${JSON.stringify(value)} can be had here: ${reason}` })
    .nullish()
    .meta({ description: `Only ${JSON.stringify(value)}: ${reason}` })
}
