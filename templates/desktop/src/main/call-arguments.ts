import { z } from 'zod'

/** The ID that the preload script gives to a call with a stream. */
export const callId = z.int().min(1)

const modelId = z.string().min(1).max(1000)

/** The arguments of calls with a stream, by channel. */
export const streamArguments = {
  load: modelId,
  chat: z.strictObject({
    model: modelId.optional(),
    messages: z
      .array(
        z.strictObject({
          role: z.enum(['system', 'user', 'assistant']),
          text: z.string(),
          images: z.array(z.string().startsWith('data:image/')).exactOptional(),
        }),
      )
      .min(1),
    temperature: z.number().optional(),
    topP: z.number().optional(),
    maxTokens: z.int().min(1).optional(),
    seed: z.int().min(0).optional(),
    mcpServers: z.array(z.string()).optional(),
  }),
}
