import type { EngineStatus } from 'mlx-app'
import { Counter, Gauge } from 'prom-client'
import type { Services } from '../context.ts'

type Watched = Pick<Services, 'metrics' | 'engineService' | 'generations'>

/** Registers the metrics that are collected at scrape time: the state of the server and of the engine. */
export function registerEngineMetrics({ metrics, engineService, generations }: Watched): void {
  const registers = [metrics.registry]
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const ready = gauge('mlx_ready', '1 while the model is ready for requests, otherwise 0.')
  const active = gauge('mlx_generations_active', 'Running generations, including queued ones.')
  const restarts = new Counter({
    name: 'mlx_worker_restarts_total',
    help: 'Restarts of the worker process that runs the model.',
    registers,
  })
  const lastStep = gauge('mlx_last_step_timestamp_seconds', 'Unix time of the last step; 0 before it.')
  const build = new Gauge({
    name: 'mlx_build_info',
    help: 'Always 1. The labels show the versions and the device.',
    labelNames: ['node', 'python', 'mlx', 'mlx_lm', 'device'],
    registers,
  })
  const ofEngine: [Gauge, (status: EngineStatus) => number][] = [
    [gauge('mlx_batch_sequences', 'Sequences that are in prefill or decode.'), ({ active }) => active],
    [gauge('mlx_queue_length', 'Requests that wait for a place in the batch.'), ({ queued }) => queued],
    [gauge('mlx_models_loaded', 'Models in memory.'), ({ models }) => models.length],
    [
      gauge('mlx_memory_active_bytes', 'Memory that models and their caches use, as MLX reports it.'),
      ({ memoryBytes }) => memoryBytes,
    ],
    [gauge('mlx_memory_cache_bytes', 'Memory that MLX keeps for reuse.'), ({ cacheBytes }) => cacheBytes],
    [
      gauge('mlx_memory_peak_bytes', 'Peak memory use since the worker started.'),
      ({ peakMemoryBytes }) => peakMemoryBytes,
    ],
    [
      gauge('mlx_memory_limit_bytes', 'Limit on the memory of models, caches and requests together.'),
      ({ memoryLimitBytes }) => memoryLimitBytes,
    ],
    [
      gauge('mlx_prompt_cache_bytes', 'The part of the memory in use that the prefix cache holds.'),
      ({ promptCacheBytes }) => promptCacheBytes,
    ],
  ]
  metrics.onRead(async () => {
    ready.set(engineService.readiness === 'ready' ? 1 : 0)
    active.set(generations.active)
    restarts.reset()
    restarts.inc(engineService.restarts)
    // A worker that does not answer counts as holding nothing.
    const status = await engineService.status()
    lastStep.set((engineService.lastStepAt ?? 0) / 1000)
    for (const [gauge, read] of ofEngine) gauge.set(status === undefined ? 0 : read(status))
    if (status?.versions === undefined) return
    const { python, mlx, mlxLm } = status.versions
    build.set({ node: process.versions.node, python, mlx, mlx_lm: mlxLm, device: status.device ?? '' }, 1)
  })
}
