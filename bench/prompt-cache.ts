import { createEngine, type Engine } from '../packages/engine/src/engine/index.ts'
import { interleave, median, rounds } from './measure.ts'
import { type MlxLmServer, startMlxLmServer } from './mlx-lm-server.ts'
import { type BenchModel, modelsToMeasure, uniqueWords } from './models.ts'
import { milliseconds, type Row, ratio } from './table.ts'
import { python } from './workspace.ts'

const chatTokens = 2000
const answerTokens = 16

/** The measurements of the second turn of a chat. */
interface Turn {
  ttftMs: number
  cachedTokens: number
}

type Message = { role: 'user' | 'assistant'; content: string }

/**
 * Measures the time to first token in the second turn of a chat, after a first turn of 2,000 tokens: with the prompt cache,
 * without it, and in mlx_lm.server with its own cache. Every round is a new chat. Medians of 7, or one round for the large
 * model, whose prefill takes minutes.
 */
export async function benchPromptCache(workspace: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const model of await modelsToMeasure(workspace)) rows.push(...(await benchModel(workspace, model)))
  return rows
}

async function benchModel(workspace: string, model: BenchModel): Promise<Row[]> {
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model: model.path })
  await using server = await startMlxLmServer(workspace, model.path)
  const turns = await interleave(
    rounds(model.large ? 1 : 7),
    [
      () => secondTurn(engine, model.path, true),
      () => secondTurn(engine, model.path, false),
      () => secondTurnOfServer(server),
    ],
    { warmUp: !model.large },
  )
  const [ours = 0, without = 0, served = 0] = turns.map((side) => median(side.map(({ ttftMs }) => ttftMs)))
  const cached = median((turns[0] ?? []).map(({ cachedTokens }) => cachedTokens))
  const row = {
    what: `TTFT of the second turn of a 2,000-token chat, ${model.name}`,
    ours: `${milliseconds(ours)} (${cached} tokens cached)`,
  }
  return [
    { ...row, peer: `promptCache: false: ${milliseconds(without)}`, result: ratio(ours / without) },
    { ...row, peer: `mlx_lm.server: ${milliseconds(served)}`, result: ratio(ours / served) },
  ]
}

async function secondTurn(engine: Engine, model: string, promptCache: boolean): Promise<Turn> {
  const question: Message = { role: 'user', content: uniqueWords(chatTokens) }
  const first = await engine.complete({
    model,
    messages: [question],
    maxTokens: answerTokens,
    promptCache,
  })
  const { timings, usage } = await engine.complete({
    model,
    messages: secondMessages(question, first.text),
    maxTokens: 1,
    promptCache,
  })
  return { ttftMs: timings.ttftMs, cachedTokens: usage.cachedTokens }
}

async function secondTurnOfServer(server: MlxLmServer): Promise<Turn> {
  const question: Message = { role: 'user', content: uniqueWords(chatTokens) }
  const first = await server.stream({ messages: [question], max_tokens: answerTokens })
  const body = { messages: secondMessages(question, first.text), max_tokens: answerTokens }
  const { streams } = await server.burst([body])
  return { ttftMs: streams[0]?.firstMs ?? Number.NaN, cachedTokens: 0 }
}

function secondMessages(question: Message, answer: string): Message[] {
  return [question, { role: 'assistant', content: answer }, { role: 'user', content: 'Tell me a story.' }]
}
