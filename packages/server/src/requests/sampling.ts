import { z } from '@hono/zod-openapi'

/** JSON numbers have 53 exact bits, so larger seeds are rounded before their lower bits are taken. */
const largestSeed = 2 ** 63

/** The field `seed` of a request. Clients send random numbers of 64 bits. */
export const seedField = z
  .number()
  .min(-largestSeed)
  .max(largestSeed)
  .refine(Number.isInteger, { error: 'Invalid input: expected int, received number' })
  .nullish()
  .meta({
    type: 'integer',
    description: 'The same seed produces the same text. Only the lower 32 bits count.',
  })

/** Converts a seed to the 32 bits that the engine takes. */
export function toSeed(seed: number | null | undefined): number | undefined {
  return seed == null ? undefined : Number(BigInt.asUintN(32, BigInt(seed)))
}

/** Replaces a top_p of 0, which the APIs allow and the engine does not. It selects the most likely token. */
const minTopP = 1e-6

/** Converts `top_p` to what the engine takes. */
export function toTopP(topP: number | null | undefined): number | undefined {
  return topP == null ? undefined : Math.max(topP, minTopP)
}
