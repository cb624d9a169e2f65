import { expect, test } from 'vitest'
import { answerTo, story, until } from '../../engine/test/engine/support.ts'
import { chat, endless, engineStatus, readAnswer, stream, untilIdle } from './streams.ts'
import { useServer } from './support.ts'

const shared = useServer()

/** The values of `/metrics`, by name and labels as they are written. */
async function values(): Promise<Map<string, number>> {
  const response = await fetch(`${shared.server.url}/metrics`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))]
    }),
  )
}

/** A value once it is as expected: an answer is counted when its last byte has left, which its reader may not wait for. */
async function reaches(name: string, value: number): Promise<void> {
  await until(async () => (await values()).get(name) === value)
}

test('requests, tokens and times match the answers', async () => {
  const whole = await shared.server.post('/v1/chat/completions', chat('Count to ten.'))
  const { usage } = await readAnswer(whole)
  const { text } = await stream(shared.server, 'Count to ten.')
  expect(text).toBe(answerTo('Count to ten.'))
  const refused = await shared.server.post('/v1/chat/completions', { model: 'hello', messages: 5 })
  expect(refused.status).toBe(400)
  const chats = 'method="POST",route="/v1/chat/completions"'
  await reaches(`mlx_http_requests_total{${chats},status="200"}`, 2)
  await reaches(`mlx_http_requests_total{${chats},status="400"}`, 1)
  const now = await values()
  expect(now.get(`mlx_http_request_duration_seconds_count{${chats}}`)).toBe(3)
  const ofModel = (name: string) => now.get(`${name}{model="hello"}`)
  expect(now.get('mlx_generations_total{model="hello",outcome="ok"}')).toBe(2)
  expect(ofModel('mlx_prompt_tokens_total')).toBe(2 * usage.prompt_tokens)
  expect(ofModel('mlx_completion_tokens_total')).toBe(2 * usage.completion_tokens)
  expect(ofModel('mlx_prompt_cached_tokens_total')).toBeGreaterThan(0)
  for (const name of [
    'mlx_time_to_first_token_seconds',
    'mlx_queue_wait_seconds',
    'mlx_decode_tokens_per_second',
  ])
    expect(ofModel(`${name}_count`)).toBe(2)
  // A tiny model is quick, and never takes no time at all.
  expect(ofModel('mlx_time_to_first_token_seconds_sum')).toBeGreaterThan(0.001)
  expect(ofModel('mlx_time_to_first_token_seconds_sum')).toBeLessThan(20)
  expect(ofModel('mlx_decode_tokens_per_second_sum')).toBeGreaterThan(2)
})

test('running requests are counted until they end', async () => {
  const client = new AbortController()
  const { steps } = await engineStatus(shared.server)
  const left = stream(shared.server, story, { ...endless, signal: client.signal }).catch(() => 'left')
  await until(async () => (await engineStatus(shared.server)).steps > steps)
  await reaches('mlx_http_open_streams', 1)
  const during = await values()
  expect(during.get('mlx_generations_active')).toBe(1)
  expect(during.get('mlx_batch_sequences')).toBe(1)
  client.abort()
  expect(await left).toBe('left')
  await untilIdle(shared.server)
  await reaches('mlx_http_open_streams', 0)
  await reaches('mlx_http_requests_total{method="POST",route="/v1/chat/completions",status="499"}', 1)
  const now = await values()
  expect(now.get('mlx_generations_active')).toBe(0)
  expect(now.get('mlx_generations_total{model="hello",outcome="client_closed_request"}')).toBe(1)
})

test('the state, the memory and the versions', async () => {
  const now = await values()
  const { memoryBytes, memoryLimitBytes, versions } = await engineStatus(shared.server)
  expect(now.get('mlx_ready')).toBe(1)
  expect(now.get('mlx_models_loaded')).toBe(1)
  expect(now.get('mlx_queue_length')).toBe(0)
  expect(now.get('mlx_memory_active_bytes')).toBe(memoryBytes)
  expect(now.get('mlx_memory_limit_bytes')).toBe(memoryLimitBytes)
  expect(now.get('mlx_worker_restarts_total')).toBe(0)
  const { mlx, mlxLm, python } = versions ?? {}
  const labels = `node="${process.versions.node}",python="${python}",mlx="${mlx}",mlx_lm="${mlxLm}",device="cpu"`
  expect(now.get(`mlx_build_info{${labels}}`)).toBe(1)
  expect(now.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
})

test('unknown paths are counted together', async () => {
  for (let index = 0; index < 50; index++) {
    const response = await fetch(`${shared.server.url}/made/up/${index}?x=${index}`)
    expect(response.status).toBe(404)
    await response.body?.cancel()
  }
  await reaches('mlx_http_requests_total{method="GET",route="none",status="404"}', 50)
  const names = [...(await values()).keys()]
  expect(names.filter((name) => name.includes('made'))).toEqual([])
  // One counter, and one histogram of 16 bounds, infinity, sum and count.
  expect(names.filter((name) => name.includes('route="none"'))).toHaveLength(1 + 19)
})
