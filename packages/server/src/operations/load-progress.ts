import { z } from '@hono/zod-openapi'
import type { LoadProgress } from 'mlx-app'

export const progressSchema = z
  .object({
    stage: z.enum(['download', 'load']),
    loaded_bytes: z.number().int(),
    total_bytes: z.number().int().meta({ description: '0 as long as it is unknown.' }),
  })
  .openapi('LoadProgress')

/** How far a load is, as clients read it. */
export function toProgress({ stage, loadedBytes, totalBytes }: LoadProgress) {
  return { stage, loaded_bytes: loadedBytes, total_bytes: totalBytes }
}
