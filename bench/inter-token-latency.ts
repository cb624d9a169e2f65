import { createEngine, type Engine } from '../packages/engine/src/engine/index.ts'
import { interleave, median, rounds } from './measure.ts'
import { type MlxLmServer, startMlxLmServer } from './mlx-lm-server.ts'
import { helloModel, uniquePrompt, uniqueWords } from './models.ts'
import { milliseconds, type Row, ratio } from './table.ts'
import { python } from './workspace.ts'

const promptTokens = 20_000
/** Pieces of the stream that show its usual step, before the long prompt comes. */
const usualPieces = 100
/** More than it gets to; it is aborted when the prompt was read. */
const maxTokens = 20_000

/** What a stream saw while a long prompt was read beside it. */
interface Gap {
  usualMs: number
  /** The longest time between two pieces. */
  longestMs: number
  /** From the sending of the long prompt to its first token. */
  readMs: number
}

/**
 * The longest gap in a stream of the hello model while a prompt of 20,000 tokens is read, beside mlx_lm.server's for the
 * same. The longest of 3 rounds, in the stream's usual steps, and against what one chunk takes when it is alone.
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
  const what = `longest gap of a stream while ${promptTokens} tokens are read, hello`
  const seen = `${milliseconds(own.longestMs)}, usual step ${milliseconds(own.usualMs)}`
  return [
    {
      what,
      ours: seen,
      peer: `one chunk, alone: ${milliseconds(chunkMs)}`,
      result: `${steps.toFixed(1)} steps, ${ratio(own.longestMs / chunkMs)} a chunk`,
      bar: '<= 5 steps or 1 chunk',
      met: steps <= 5 || own.longestMs <= chunkMs,
    },
    {
      what,
      ours: seen,
      peer: `mlx_lm.server: ${milliseconds(other.longestMs)}, usual step ${milliseconds(other.usualMs)}`,
      result: ratio(own.longestMs / other.longestMs),
    },
    {
      what: 'TTFT of that prompt, beside the stream',
      ours: milliseconds(median(ours.map(({ readMs }) => readMs))),
      peer: `mlx_lm.server: ${milliseconds(median(peer.map(({ readMs }) => readMs)))}`,
      result: ratio(median(ours.map(({ readMs }) => readMs)) / median(peer.map(({ readMs }) => readMs))),
    },
  ]
}

function worst(gaps: readonly Gap[]): Gap {
  const usualMs = median(gaps.map((gap) => gap.usualMs))
  const readMs = median(gaps.map((gap) => gap.readMs))
  return { usualMs, readMs, longestMs: Math.max(...gaps.map((gap) => gap.longestMs)) }
}

function latencyOfEngine(engine: Engine, model: string): Promise<Gap> {
  return measureLatency(
    async (signal, onPiece) => {
      // Log-probabilities come with each token, text only with those that end a character or a word.
      const options = { model, prompt: uniquePrompt(), maxTokens, logprobs: 0, signal }
      for await (const _ of engine.generate(options)) onPiece()
    },
    async () => {
      await engine.complete({ model, prompt: uniqueWords(promptTokens), maxTokens: 1 })
    },
  )
}

function latencyOfServer(server: MlxLmServer): Promise<Gap> {
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
  stream: (signal: AbortSignal, onPiece: () => void) => Promise<void>,
  long: () => Promise<void>,
): Promise<Gap> {
  const controller = new AbortController()
  const pieces: number[] = []
  let onUsual: () => void = () => undefined
  const usual = new Promise<void>((resolve) => {
    onUsual = resolve
  })
  const streaming = stream(controller.signal, () => {
    if (pieces.push(performance.now()) === usualPieces) onUsual()
  }).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  await Promise.race([usual, streaming])
  const from = performance.now()
  const early = streaming.then(() => {
    if (!controller.signal.aborted) throw new Error('The stream ended before the prompt was read.')
  })
  await Promise.race([long(), early])
  const to = performance.now()
  controller.abort()
  await streaming
  const before = pieces.filter((at) => at < from)
  const during = [...before.slice(-1), ...pieces.filter((at) => at >= from && at < to), to]
  return {
    usualMs: median(gaps(before.slice(usualPieces / 2))),
    longestMs: Math.max(...gaps(during)),
    readMs: to - from,
  }
}

/** What a chunk of the long prompt takes when nothing else runs, the longest of them. */
async function longestChunk(engine: Engine, model: string): Promise<number> {
  const chunks: number[] = []
  await engine.complete({
    model,
    prompt: uniqueWords(promptTokens),
    maxTokens: 1,
    onPromptProgress: () => chunks.push(performance.now()),
  })
  return Math.max(...gaps(chunks))
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((at, place) => at - (times[place] ?? at))
}
