import { type Api, ApiError, type Services } from 'mlx-app-server'
import * as z from 'zod'

const requestSchema = z.strictObject({ question: z.string().min(1).max(10_000) })

/**
 * Adds `POST /api/ask`, which takes `{"question": "..."}` and returns `{"answer": "..."}`. It shows how your own route can use
 * the model. Going through `generations` applies the limits of the server. Passing the signal of the request cancels the answer
 * when the client disconnects.
 */
export function addAsk(api: Api, { generations }: Services): void {
  api.post('/api/ask', async (c) => {
    const { success, data, error } = requestSchema.safeParse(await c.req.json())
    // An ApiError is sent in the same format as the errors of the API.
    if (!success) throw new ApiError(400, 'invalid_value', z.prettifyError(error))
    const messages = [{ role: 'user' as const, content: data.question }]
    const { text } = await generations.complete(c.var.caller, { messages, maxTokens: 500 }, c.req.raw.signal)
    return c.json({ answer: text })
  })
}
