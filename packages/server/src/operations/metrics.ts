import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { GenerationRecord } from '../generation-limiter.ts'

/** A request that is over, as the log and the metrics tell it. */
export interface RequestRecord {
  method: string
  /** The path as the route names it, `/v1/models/{id}`: one of a few, whatever clients ask for. */
  route: string
  /** 499 for a client that left. */
  status: number
  seconds: number
}

/** Bounds in seconds: of what takes a millisecond with a tiny model, and minutes with a large one under load. */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const rateBuckets = [1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000]

/** Of prom-client's own metrics of Node: they are called totals, and are none. `nodejs_active_resources` holds the same. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * What is counted as it happens. Names follow https://prometheus.io/docs/practices/naming/: base units, `_total` for
 * what only grows.
 */
export class Metrics {
  /** The registry of prom-client: metrics of your own that are registered here are on `GET /metrics` too. */
  readonly registry = new Registry()
  /** Streams whose response is open. */
  readonly openStreams: Gauge
  readonly #requests: Counter<'method' | 'route' | 'status'>
  readonly #requestSeconds: Histogram<'method' | 'route'>
  readonly #generations: Counter<'model' | 'outcome'>
  readonly #promptTokens: Counter<'model'>
  readonly #cachedTokens: Counter<'model'>
  readonly #completionTokens: Counter<'model'>
  readonly #queueSeconds: Histogram<'model'>
  readonly #firstTokenSeconds: Histogram<'model'>
  readonly #rate: Histogram<'model'>
  readonly #defaultModel: string
  readonly #watchers: (() => Promise<void>)[] = []

  /** @param defaultModel the name of the model of requests that name none. */
  constructor(defaultModel: string) {
    this.#defaultModel = defaultModel
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    for (const name of misnamed) this.registry.removeSingleMetric(name)
    this.#requests = new Counter({
      name: 'mlx_http_requests_total',
      help: 'Requests that are over, by route and status; 499 for clients that left.',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.#requestSeconds = new Histogram({
      name: 'mlx_http_request_duration_seconds',
      help: 'From the headers of a request to the end of its answer.',
      labelNames: ['method', 'route'],
      buckets: secondsBuckets,
      registers,
    })
    this.openStreams = new Gauge({
      name: 'mlx_http_open_streams',
      help: 'Answers of server-sent events that are under way.',
      registers,
    })
    this.#generations = new Counter({
      name: 'mlx_generations_total',
      help: 'Generations that are over; the outcome is ok or the code of an error.',
      labelNames: ['model', 'outcome'],
      registers,
    })
    const tokens = (name: string, help: string) =>
      new Counter({
        name,
        help: `${help}, of answers that came to their end.`,
        labelNames: ['model'],
        registers,
      })
    this.#promptTokens = tokens('mlx_prompt_tokens_total', 'Tokens of prompts, those from the cache included')
    this.#cachedTokens = tokens(
      'mlx_prompt_cached_tokens_total',
      'Tokens of prompts that came from the cache',
    )
    this.#completionTokens = tokens('mlx_completion_tokens_total', 'Generated tokens')
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, labelNames: ['model'], buckets, registers })
    this.#queueSeconds = histogram(
      'mlx_queue_wait_seconds',
      'Time that a generation waited for its place in the batch.',
      secondsBuckets,
    )
    this.#firstTokenSeconds = histogram(
      'mlx_time_to_first_token_seconds',
      'From the start of a generation to its first token (TTFT), waiting included.',
      secondsBuckets,
    )
    this.#rate = histogram(
      'mlx_decode_tokens_per_second',
      'Tokens per second of an answer, from its first token to its last.',
      rateBuckets,
    )
  }

  /** All metrics in the text format of Prometheus, those of the engine as they are now. */
  async read(): Promise<string> {
    await Promise.all(this.#watchers.map((refresh) => refresh()))
    return this.registry.metrics()
  }

  /** Called before each reading, to set what nobody counts as it happens. */
  onRead(refresh: () => Promise<void>): void {
    this.#watchers.push(refresh)
  }

  onRequest({ method, route, status, seconds }: RequestRecord): void {
    this.#requests.inc({ method, route, status })
    this.#requestSeconds.observe({ method, route }, seconds)
  }

  onGeneration({ options, error, last, ttftMs }: GenerationRecord): void {
    const model = options.model ?? this.#defaultModel
    this.#generations.inc({ model, outcome: error?.code ?? 'ok' })
    if (ttftMs !== undefined) this.#firstTokenSeconds.observe({ model }, ttftMs / 1000)
    const { usage, timings } = last ?? {}
    if (usage === undefined || timings === undefined) return
    this.#promptTokens.inc({ model }, usage.promptTokens)
    this.#cachedTokens.inc({ model }, usage.cachedTokens)
    this.#completionTokens.inc({ model }, usage.completionTokens)
    this.#queueSeconds.observe({ model }, timings.queueMs / 1000)
    // A single token has no rate.
    if (timings.tokensPerSecond > 0) this.#rate.observe({ model }, timings.tokensPerSecond)
  }
}
