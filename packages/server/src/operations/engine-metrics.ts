import type { EngineStatus } from 'mlx-app'
import { Counter, Gauge } from 'prom-client'
import type { Services } from '../context.ts'

type Watched = Pick<Services, 'metrics' | 'engineService' | 'generations'>

/** Adds what is asked for when somebody looks: the state of the server, and what the engine says of itself. */
export function registerEngineMetrics({ metrics, engineService, generations }: Watched): void {
  const registers = [metrics.registry]
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const ready = gauge('mlx_ready', '1 while the model is there for requests, else 0.')
  const active = gauge('mlx_generations_active', 'Generations under way, waiting ones included.')
  const restarts = new Counter({
    name: 'mlx_worker_restarts_total',
    help: 'How many times the process that runs the model was brought back.',
    registers,
  })
  const build = new Gauge({
    name: 'mlx_build_info',
    help: 'Always 1; the labels say what runs here.',
    labelNames: ['node', 'python', 'mlx', 'mlx_lm', 'device'],
    registers,
  })
  const ofEngine: [Gauge, (status: EngineStatus) => number][] = [
    [gauge('mlx_batch_sequences', 'Calls that the model reads or answers now.'), ({ active }) => active],
    [gauge('mlx_queue_length', 'Calls that wait for a place in the batch.'), ({ queued }) => queued],
    [gauge('mlx_models_loaded', 'Models in memory.'), ({ models }) => models.length],
    [
      gauge('mlx_memory_active_bytes', 'Memory in use by models and their caches, as MLX counts it.'),
      ({ memoryBytes }) => memoryBytes,
    ],
    [gauge('mlx_memory_cache_bytes', 'Memory that MLX keeps for reuse.'), ({ cacheBytes }) => cacheBytes],
    [
      gauge('mlx_memory_peak_bytes', 'The most memory in use since the worker started.'),
      ({ peakMemoryBytes }) => peakMemoryBytes,
    ],
    [
      gauge('mlx_memory_limit_bytes', 'What models, caches and calls may take together.'),
      ({ memoryLimitBytes }) => memoryLimitBytes,
    ],
    [
      gauge('mlx_prompt_cache_bytes', 'Of the memory in use: what was read of prompts, and is kept.'),
      ({ promptCacheBytes }) => promptCacheBytes,
    ],
  ]
  metrics.onRead(async () => {
    ready.set(engineService.state === 'ready' ? 1 : 0)
    active.set(generations.active)
    restarts.reset()
    restarts.inc(engineService.restarts)
    // A worker that is gone, or says nothing, holds nothing.
    const status = await engineService.status()
    for (const [gauge, read] of ofEngine) gauge.set(status === undefined ? 0 : read(status))
    if (status?.versions === undefined) return
    const { python, mlx, mlxLm } = status.versions
    build.set({ node: process.versions.node, python, mlx, mlx_lm: mlxLm, device: status.device ?? '' }, 1)
  })
}
