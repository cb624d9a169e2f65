import type { Api, Services } from '../context.ts'

/** `/health`: the process answers. `/ready`: the model is there for requests; else 503. */
export function health(api: Api, { service }: Services): void {
  api.get('/health', (c) => c.json({ status: 'ok' }))
  api.get('/ready', (c) => {
    const { state } = service
    return c.json({ status: state }, state === 'ready' ? 200 : 503)
  })
}
