import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import type { EngineService } from '../engine-service.ts'
import { restartMessage, startFailureMessage, whatHappened } from '../errors.ts'
import { lacksCaller } from '../http/authentication.ts'
import { defaultsSchema, toDefaults } from '../model-defaults.ts'
import { jsonAnswer, openFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { readinessStates } from '../server-state.ts'
import { progressSchema, toProgress } from './load-progress.ts'

const statusSchema = z
  .object({
    state: z.enum(readinessStates),
    model: z.string().meta({ description: 'The model that answers requests without a model.' }),
    progress: progressSchema.optional(),
    message: z
      .string()
      .optional()
      .meta({ description: 'An explanation of the state, unless it is `ready`.' }),
    defaults: defaultsSchema.optional(),
    last_step_at: z
      .number()
      .nullable()
      .meta({ description: 'Unix time of the last step of a model in seconds; null before it.' }),
    needs_key: z.boolean().meta({ description: 'Whether requests need a key.' }),
  })
  .openapi('ServerStatus')

const route = createRoute({
  method: 'get',
  path: '/api/status',
  operationId: 'getStatus',
  summary: 'Get the state of the server',
  description: 'The chat page uses it. This endpoint is not part of OpenAI’s API.',
  tags: [tags.server],
  security: [],
  responses: { 200: jsonAnswer(statusSchema, 'The state.'), ...openFailures },
})

/** Adds `GET /api/status`, the state for the chat page. It is public, so it reveals no internal details. */
export function addStatus(api: Api, services: Services): void {
  const { engineService, models } = services
  api.openapi(route, async (c) => {
    if (!engineService.isRemote) await engineService.status()
    const { readiness: state, progress, loaded, lastStepAt } = engineService
    return c.json(
      {
        state,
        model: models.defaultId,
        progress: progress && toProgress(progress),
        defaults: loaded && toDefaults(loaded),
        last_step_at: lastStepAt === null ? null : lastStepAt / 1000,
        message: describeState(engineService),
        needs_key: await lacksCaller(c, services),
      },
      200,
    )
  })
}

function describeState({ readiness: state, error, hasStarted }: EngineService): string | undefined {
  if (state === 'stalled') return 'The model has work, but makes no progress.'
  if (state === 'ready') return undefined
  if (state === 'stopping') return 'The server is shutting down.'
  if (state === 'starting' || state === 'loading') return 'The model is being loaded.'
  if (state === 'failed' && !hasStarted) return startFailureMessage(error)
  return state === 'failed'
    ? `The model process ${whatHappened(error)} and could not be restarted. See the server log. The server keeps trying.`
    : restartMessage(error)
}
