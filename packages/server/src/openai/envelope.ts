import { createHash, randomUUID } from 'node:crypto'
import type { Services } from '../context.ts'
import type { Envelope } from './chat-answer.ts'

/**
 * Makes what all chunks of an answer, or the whole, begin with.
 *
 * @param prefix of the id: `chatcmpl`, `cmpl`.
 */
export type EnvelopeFactory = (prefix: string, model: string) => Promise<Envelope>

/** The engine is asked for its versions once for each model: they are the same as long as this process runs. */
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
