import { type Api, ApiError, type Services } from 'mlx-app-server'
import * as z from 'zod'

const requestSchema = z.strictObject({ question: z.string().min(1).max(10_000) })

/**
 * `POST /api/ask`: a question in, an answer out, `{"question": "..."}` and `{"answer": "..."}`. It shows how a route of your
 * own uses the model: through `generations`, so that the limits of the server hold, and with the signal of the request, so
 * that a client that leaves ends its answer.
 */
export function addAsk(api: Api, { generations }: Services): void {
  api.post('/api/ask', async (c) => {
    const { success, data, error } = requestSchema.safeParse(await c.req.json())
    // Answered as the errors of the API are.
    if (!success) throw new ApiError(400, 'invalid_value', z.prettifyError(error))
    const messages = [{ role: 'user' as const, content: data.question }]
    const { text } = await generations.complete(c.var.caller, { messages, maxTokens: 500 }, c.req.raw.signal)
    return c.json({ answer: text })
  })
}
