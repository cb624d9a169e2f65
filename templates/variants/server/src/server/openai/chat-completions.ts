import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { openaiError } from '../errors.ts'
import { serverSentEvents } from '../events.ts'

const bodySchema = z.object({
  model: z.string().nullish(),
  messages: z.array(z.object({ role: z.enum(['system', 'user']), content: z.string() })).min(1),
  stream: z.boolean().nullish(),
})

const route = createRoute({
  method: 'post',
  path: '/v1/chat/completions',
  request: { body: { required: true, content: { 'application/json': { schema: bodySchema } } } },
  responses: { 200: { description: 'The answer.' } },
})

export function chatCompletions(api: Api, { generations, models }: Services): void {
  api.openapi(route, async (c) => {
    const body = c.req.valid('json')
    const { id, ...named } = await models.resolve(body.model)
    const options = { ...named, messages: body.messages }
    const { signal } = c.req.raw
    if (body.stream !== true) {
      const answer = await generations.complete(c.var.caller, options, signal)
      return c.json({
        model: id,
        choices: [{ index: 0, message: { role: 'assistant', content: answer.text } }],
      })
    }
    const chunks = generations.stream(c.var.caller, options, signal)
    async function* events() {
      for await (const chunk of chunks)
        yield { data: { choices: [{ index: 0, delta: { content: chunk.text } }] } }
      yield { data: '[DONE]' }
    }
    return serverSentEvents(c, events(), (error) => [{ data: openaiError(error, c.var.requestId) }])
  })
}
