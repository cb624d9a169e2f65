import type { Chunk, EngineStatus } from 'mlx-app'
import { formatBytes } from 'mlx-app/setup'

/** Returns lines that describe the last answer and the worker. */
export function describeStats(last: Chunk | undefined, status: EngineStatus): string[] {
  return [...describeAnswer(last), ...describeWorker(status)]
}

function describeAnswer(last: Chunk | undefined): string[] {
  if (last?.usage === undefined || last.timings === undefined) return ['No complete answer yet.']
  const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = last.usage
  const { ttftMs, totalMs, tokensPerSecond, promptTokensPerSecond } = last.timings
  return [
    `Last answer: ${tokens(completionTokens, reasoningTokens, 'reasoning')} in ${seconds(totalMs)}, ${tokensPerSecond.toFixed(1)} tokens/s`,
    `Prompt: ${tokens(promptTokens, cachedTokens, 'cached')}, ${promptTokensPerSecond.toFixed(1)} tokens/s, first token after ${seconds(ttftMs)}`,
  ]
}

function describeWorker({ device, versions, models, memoryBytes, peakMemoryBytes }: EngineStatus): string[] {
  const loaded = models.map(({ model, memoryBytes }) => `${model} (${formatBytes(memoryBytes)})`)
  return [
    `Loaded: ${loaded.join(', ') || 'no model'}`,
    `Memory: ${formatBytes(memoryBytes)}, peak ${formatBytes(peakMemoryBytes)}`,
    ...(versions === undefined || device === undefined
      ? []
      : [
          `MLX ${versions.mlx} on the ${device.toUpperCase()}, mlx-lm ${versions.mlxLm}, Python ${versions.python}`,
        ]),
  ]
}

function tokens(count: number, part: number, label: string): string {
  return part === 0 ? `${count} tokens` : `${count} tokens (${part} ${label})`
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`
}
