import { createEngine, type Engine, type EngineStatus } from '../packages/engine/src/engine/index.ts'
import { median, percentile, rounds } from './measure.ts'
import { type BenchModel, modelsToMeasure, uniquePrompt, uniqueWords } from './models.ts'
import { milliseconds, type Row } from './table.ts'
import { python } from './workspace.ts'

/** What one abort showed. */
interface Cancelled {
  /** From abort() until the engine says that nothing is under way. */
  latencyMs: number
  /** Steps of the model from just before abort() until then. */
  steps: number
  /** What one step took before. */
  stepMs: number
}

/** Where a call is when it is aborted, and how long a prompt it takes to be there for a while. */
interface Moment {
  name: string
  prompt: () => string
  /** Tokens, or chunks of the prompt, that come before the abort. */
  events: number
  /** Aborts with the large model. */
  largeTimes: number
}

/** How soon an aborted call is gone, in decode and in prefill. 40 aborts of each, 10 and 3 with the large model. */
export async function benchCancel(workspace: string): Promise<Row[]> {
  await using engine = await createEngine({ python, device: 'cpu' })
  const rows: Row[] = []
  for (const model of await modelsToMeasure(workspace)) rows.push(...(await benchModel(engine, model)))
  return rows
}

async function benchModel(engine: Engine, model: BenchModel): Promise<Row[]> {
  await engine.loadModel({ model: model.path })
  // Enough to go on for some chunks after the abort.
  const promptTokens = model.large ? 1500 : 16_000
  const rows: Row[] = []
  const moments: Moment[] = [
    { name: 'decoding', prompt: uniquePrompt, events: 8, largeTimes: 10 },
    {
      name: `prefilling ${promptTokens} tokens`,
      prompt: () => uniqueWords(promptTokens),
      events: 1,
      largeTimes: 3,
    },
  ]
  for (const moment of moments) {
    const seen: Cancelled[] = []
    const times = rounds(model.large ? moment.largeTimes : 40)
    for (let round = 0; round < times; round += 1) seen.push(await cancel(engine, model, moment, round))
    rows.push(row(`${moment.name}, ${model.name}`, seen))
  }
  return rows
}

function row(name: string, seen: readonly Cancelled[]): Row {
  const spread = (key: keyof Cancelled, share: number) =>
    percentile(
      seen.map((one) => one[key]),
      share,
    )
  const [middle, most] = [spread('steps', 0.5), spread('steps', 0.95)]
  return {
    what: `abort() until nothing is under way, while ${name}: p50, p95`,
    ours: `${milliseconds(spread('latencyMs', 0.5))}, ${milliseconds(spread('latencyMs', 0.95))}`,
    peer: `one step of it: ${milliseconds(spread('stepMs', 0.5))}`,
    result: `${middle}, ${most} steps`,
    bar: '<= 1 step',
    met: most <= 1,
  }
}

async function cancel(engine: Engine, model: BenchModel, moment: Moment, round: number): Promise<Cancelled> {
  const controller = new AbortController()
  const events: number[] = []
  const began = performance.now()
  let onEnough: () => void = () => undefined
  const enough = new Promise<void>((resolve) => {
    onEnough = resolve
  })
  // Not always after as many, so that it does not always meet the same part of a step.
  const wanted = moment.events + (model.large ? 0 : round % 3)
  const note = () => {
    if (events.push(performance.now()) === wanted) onEnough()
  }
  const call = (async () => {
    const options = { model: model.path, prompt: moment.prompt(), maxTokens: 4000, logprobs: 0 }
    const prefilling = moment.name !== 'decoding'
    const stream = engine.generate({
      ...options,
      signal: controller.signal,
      ...(prefilling ? { onPromptProgress: note } : {}),
    })
    for await (const _ of stream) if (!prefilling) note()
  })()
  const ended = call.catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  await Promise.race([enough, ended])
  const before = await engine.status()
  if (idle(before)) throw new Error(`The call ended before it was aborted, while ${moment.name}.`)
  const start = performance.now()
  controller.abort()
  let status = await engine.status()
  while (!idle(status)) status = await engine.status()
  const latencyMs = performance.now() - start
  await ended
  const stepMs = median(events.map((at, place) => at - (events[place - 1] ?? began)))
  return { latencyMs, steps: status.steps - before.steps, stepMs }
}

function idle({ active, queued }: EngineStatus): boolean {
  return active === 0 && queued === 0
}
