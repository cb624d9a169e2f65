import { z } from '@hono/zod-openapi'
import type { LoadedModel } from 'mlx-app'

export const defaultsSchema = z
  .record(
    z.string(),
    z.object({
      value: z.union([z.number(), z.record(z.string(), z.unknown())]),
      source: z.enum(['settings', 'generation_config.json', 'config.json', 'library']),
    }),
  )
  .meta({
    description:
      'What requests get that leave an option out, and where it comes from: the settings (mlx.config.json), a file of the model, or the library.',
  })

/** Returns the defaults of a model, by the names that the API has. */
export function toDefaults({ defaults }: LoadedModel): z.output<typeof defaultsSchema> {
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [snakeCase(name), value]))
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
