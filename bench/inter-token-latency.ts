import { createEngine, type Engine } from '../packages/engine/src/engine/index.ts'
import { interleave, median, rounds } from './measure.ts'
import { type MlxLmServer, startMlxLmServer } from './mlx-lm-server.ts'
import { helloModel, uniquePrompt, uniqueWords } from './models.ts'
import { milliseconds, type Row, ratio } from './table.ts'
import { python } from './workspace.ts'

const promptTokens = 20_000
/** The number of chunks that show the usual step of the stream, before the long prompt is sent. */
const usualChunks = 100
/** More than the stream reaches: it is aborted after the prefill. */
const maxTokens = 20_000

/** The latency of a stream during the prefill of a long prompt. */
interface Latency {
  usualMs: number
  /** The longest time between two chunks. */
  longestMs: number
  /** The time to the first token of the long prompt. */
  prefillMs: number
}

/**
 * Measures the longest inter-token latency of a stream of the hello model during the prefill of 20,000 tokens, against
 * mlx_lm.server. The longest of 3 rounds is compared with the usual step of the stream, and with the prefill of one chunk.
 */
export async function benchInterTokenLatency(workspace: string): Promise<Row[]> {
  const model = (await helloModel(workspace)).path
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model })
  await using server = await startMlxLmServer(workspace, model)
  const [ours = [], peer = []] = await interleave(
    rounds(3),
    [() => latencyOfEngine(engine, model), () => latencyOfServer(server)],
    { warmUp: false },
  )
  const chunkMs = await longestChunk(engine, model)
  const [own, other] = [worst(ours), worst(peer)]
  const steps = own.longestMs / own.usualMs
  const what = `longest inter-token latency during a prefill of ${promptTokens} tokens, hello`
  const measured = `${milliseconds(own.longestMs)}, usual step ${milliseconds(own.usualMs)}`
  return [
    {
      what,
      ours: measured,
      peer: `one prefill chunk alone: ${milliseconds(chunkMs)}`,
      result: `${steps.toFixed(1)} steps, ${ratio(own.longestMs / chunkMs)} a chunk`,
      bar: '<= 5 steps or 1 chunk',
      met: steps <= 5 || own.longestMs <= chunkMs,
    },
    {
      what,
      ours: measured,
      peer: `mlx_lm.server: ${milliseconds(other.longestMs)}, usual step ${milliseconds(other.usualMs)}`,
      result: ratio(own.longestMs / other.longestMs),
    },
    {
      what: 'TTFT of that prompt, during the stream',
      ours: milliseconds(median(ours.map(({ prefillMs }) => prefillMs))),
      peer: `mlx_lm.server: ${milliseconds(median(peer.map(({ prefillMs }) => prefillMs)))}`,
      result: ratio(
        median(ours.map(({ prefillMs }) => prefillMs)) / median(peer.map(({ prefillMs }) => prefillMs)),
      ),
    },
  ]
}

function worst(latencies: readonly Latency[]): Latency {
  const usualMs = median(latencies.map((latency) => latency.usualMs))
  const prefillMs = median(latencies.map((latency) => latency.prefillMs))
  return { usualMs, prefillMs, longestMs: Math.max(...latencies.map((latency) => latency.longestMs)) }
}

function latencyOfEngine(engine: Engine, model: string): Promise<Latency> {
  return measureLatency(
    async (signal, onChunk) => {
      // Log-probabilities come with each token, text only with those that end a character or a word.
      const options = { model, prompt: uniquePrompt(), maxTokens, logprobs: 0, signal }
      for await (const _ of engine.generate(options)) onChunk()
    },
    async () => {
      await engine.complete({ model, prompt: uniqueWords(promptTokens), maxTokens: 1 })
    },
  )
}

function latencyOfServer(server: MlxLmServer): Promise<Latency> {
  return measureLatency(
    async (signal, onText) => {
      await server.stream({ prompt: uniquePrompt(), max_tokens: maxTokens }, { signal, onText })
    },
    async () => {
      await server.stream({ prompt: uniqueWords(promptTokens), max_tokens: 1 })
    },
  )
}

async function measureLatency(
  stream: (signal: AbortSignal, onChunk: () => void) => Promise<void>,
  long: () => Promise<void>,
): Promise<Latency> {
  const controller = new AbortController()
  const chunkTimes: number[] = []
  let onUsual: () => void = () => undefined
  const usual = new Promise<void>((resolve) => {
    onUsual = resolve
  })
  const streaming = stream(controller.signal, () => {
    if (chunkTimes.push(performance.now()) === usualChunks) onUsual()
  }).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  await Promise.race([usual, streaming])
  const from = performance.now()
  const early = streaming.then(() => {
    if (!controller.signal.aborted) throw new Error('The stream ended before the prefill.')
  })
  await Promise.race([long(), early])
  const to = performance.now()
  controller.abort()
  await streaming
  const before = chunkTimes.filter((at) => at < from)
  const during = [...before.slice(-1), ...chunkTimes.filter((at) => at >= from && at < to), to]
  return {
    usualMs: median(intervals(before.slice(usualChunks / 2))),
    longestMs: Math.max(...intervals(during)),
    prefillMs: to - from,
  }
}

/** Returns the longest time of a prefill chunk of the long prompt when nothing else runs. */
async function longestChunk(engine: Engine, model: string): Promise<number> {
  const chunks: number[] = []
  await engine.complete({
    model,
    prompt: uniqueWords(promptTokens),
    maxTokens: 1,
    onPromptProgress: () => chunks.push(performance.now()),
  })
  return Math.max(...intervals(chunks))
}

function intervals(times: readonly number[]): number[] {
  return times.slice(1).map((at, place) => at - (times[place] ?? at))
}
