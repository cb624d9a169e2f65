import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { GenerationRecord } from '../generation-limiter.ts'

/** A completed request, for metrics. */
export interface RequestRecord {
  method: string
  /**
   * The path as the route declares it, such as `/v1/responses/:response_id`, so that the number of values is
   * limited.
   */
  route: string
  /** The response status, or 499 if the client disconnected. */
  status: number
  seconds: number
}

/** Buckets that cover tiny models (milliseconds) and large models under load (minutes). */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const rateBuckets = [1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000]

/** Metrics of prom-client that are named totals but are gauges. `nodejs_active_resources` has the same values. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * The metrics of the server. Names follow https://prometheus.io/docs/practices/naming/: base units, and `_total` for
 * counters.
 */
export class Metrics {
  /** The prom-client registry. `GET /metrics` includes metrics that you register here. */
  readonly registry = new Registry()
  /** The number of open event streams. */
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
  readonly #collectors: (() => Promise<void>)[] = []

  /** @param defaultModel the name of the model that answers requests without a model. */
  constructor(defaultModel: string) {
    this.#defaultModel = defaultModel
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    for (const name of misnamed) this.registry.removeSingleMetric(name)
    this.#requests = new Counter({
      name: 'mlx_http_requests_total',
      help: 'Completed requests by route and status. Status 499 means that the client disconnected.',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.#requestSeconds = new Histogram({
      name: 'mlx_http_request_duration_seconds',
      help: 'Time from the request headers to the end of the response.',
      labelNames: ['method', 'route'],
      buckets: secondsBuckets,
      registers,
    })
    this.openStreams = new Gauge({
      name: 'mlx_http_open_streams',
      help: 'Open streams of server-sent events.',
      registers,
    })
    this.#generations = new Counter({
      name: 'mlx_generations_total',
      help: 'Completed generations. The outcome is ok or an error code.',
      labelNames: ['model', 'outcome'],
      registers,
    })
    const tokens = (name: string, help: string) =>
      new Counter({
        name,
        help: `${help}, in complete answers.`,
        labelNames: ['model'],
        registers,
      })
    this.#promptTokens = tokens('mlx_prompt_tokens_total', 'Prompt tokens, including cached ones')
    this.#cachedTokens = tokens(
      'mlx_prompt_cached_tokens_total',
      'Prompt tokens that came from the prefix cache',
    )
    this.#completionTokens = tokens('mlx_completion_tokens_total', 'Generated tokens')
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, labelNames: ['model'], buckets, registers })
    this.#queueSeconds = histogram(
      'mlx_queue_wait_seconds',
      'Time a generation waited for a place in the batch.',
      secondsBuckets,
    )
    this.#firstTokenSeconds = histogram(
      'mlx_time_to_first_token_seconds',
      'Time to first token (TTFT), including time in the queue.',
      secondsBuckets,
    )
    this.#rate = histogram(
      'mlx_decode_tokens_per_second',
      'Decode speed of an answer, from its first to its last token.',
      rateBuckets,
    )
  }

  /** Returns all metrics in the Prometheus text format, with the current values of the engine. */
  async read(): Promise<string> {
    await Promise.all(this.#collectors.map((collect) => collect()))
    return this.registry.metrics()
  }

  /** Registers a function that updates metrics before each read. */
  onRead(collect: () => Promise<void>): void {
    this.#collectors.push(collect)
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
    // An answer of one token has no decode speed.
    if (timings.tokensPerSecond > 0) this.#rate.observe({ model }, timings.tokensPerSecond)
  }
}
