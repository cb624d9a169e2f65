import { createHash, randomUUID } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import type { Services } from '../context.ts'

/** The fields that an answer and all its chunks share. */
export const envelopeShape = {
  id: z.string(),
  created: z.int().meta({ description: 'Unix time of the request, in seconds.' }),
  model: z.string(),
  system_fingerprint: z
    .string()
    .meta({ description: 'Changes with the model and the versions of MLX and mlx-lm.' }),
}

export type Envelope = z.output<z.ZodObject<typeof envelopeShape>>

/**
 * Creates the fields that an answer and all its chunks share.
 *
 * @param prefix the prefix of the ID, `chatcmpl` or `cmpl`.
 */
type EnvelopeFactory = (prefix: string, model: string) => Promise<Envelope>

/** Creates a factory that caches fingerprints, because versions do not change while the process runs. */
export function createEnvelopeFactory({ engineService }: Pick<Services, 'engineService'>): EnvelopeFactory {
  const known = new Map<string, string>()
  async function fingerprint(model: string): Promise<string> {
    const { versions } = await engineService.engine.status()
    const hash = createHash('sha256').update(JSON.stringify([model, versions]))
    const made = `fp_${hash.digest('hex').slice(0, 12)}`
    known.set(model, made)
    return made
  }
  return async (prefix, model) => ({
    id: `${prefix}-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: known.get(model) ?? (await fingerprint(model)),
  })
}
