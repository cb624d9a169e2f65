import { z } from '@hono/zod-openapi'
import type { LoadProgress } from 'mlx-app'

export const progressSchema = z
  .object({
    stage: z.enum(['download', 'load']),
    loaded_bytes: z.number().int(),
    total_bytes: z.number().int().meta({ description: '0 while the total is unknown.' }),
  })
  .openapi('LoadProgress')

/** Returns the progress of a model load in the API's format. */
export function toProgress({ stage, loadedBytes, totalBytes }: LoadProgress) {
  return { stage, loaded_bytes: loadedBytes, total_bytes: totalBytes }
}
