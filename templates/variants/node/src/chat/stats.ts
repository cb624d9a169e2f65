import type { Chunk, EngineStatus } from '#engine'
import { formatBytes } from './text.ts'

/** Lines about the last answer and about the worker. */
export function describeStats(last: Chunk | undefined, status: EngineStatus): string[] {
  return [...describeAnswer(last), ...describeWorker(status)]
}

function describeAnswer(last: Chunk | undefined): string[] {
  if (last?.usage === undefined || last.timings === undefined) return ['No whole answer yet.']
  const { promptTokens, completionTokens } = last.usage
  const { ttftMs, totalMs, tokensPerSecond, promptTokensPerSecond } = last.timings
  return [
    `Last answer: ${completionTokens} tokens in ${seconds(totalMs)}, ${tokensPerSecond.toFixed(1)} tokens/s`,
    `Its prompt: ${promptTokens} tokens, ${promptTokensPerSecond.toFixed(1)} tokens/s; first token after ${seconds(ttftMs)}`,
  ]
}

function describeWorker({ device, versions, models, memoryBytes, peakMemoryBytes }: EngineStatus): string[] {
  const loaded = models.map(({ model, memoryBytes }) => `${model} (${formatBytes(memoryBytes)})`)
  return [
    `Loaded: ${loaded.join(', ') || 'no model'}`,
    `Memory: ${formatBytes(memoryBytes)}, at most ${formatBytes(peakMemoryBytes)}`,
    ...(versions === undefined || device === undefined
      ? []
      : [
          `MLX ${versions.mlx} on the ${device.toUpperCase()}, mlx-lm ${versions.mlxLm}, Python ${versions.python}`,
        ]),
  ]
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`
}
