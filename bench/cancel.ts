import { createEngine, type Engine, type EngineStatus } from '../packages/engine/src/engine/index.ts'
import { median, percentile, rounds } from './measure.ts'
import { type BenchModel, modelsToMeasure, uniquePrompt, uniqueWords } from './models.ts'
import { milliseconds, type Row } from './table.ts'
import { python } from './workspace.ts'

/** The measurements of one cancelled call. */
interface Cancellation {
  /** The time from abort() until the engine reports no active call. */
  latencyMs: number
  /** The number of model steps in that time. */
  steps: number
  /** The median duration of a step before the abort. */
  stepMs: number
}

/** The phase in which a call is aborted. */
interface Phase {
  name: string
  prompt: () => string
  /** The number of tokens, or of prefill chunks, before the abort. */
  events: number
  /** The number of rounds with the large model. */
  largeTimes: number
}

/**
 * Measures how quickly an aborted call ends, during decode and during prefill, with 40 aborts of each. With the large model,
 * there are 10 and 3.
 */
export async function benchCancel(workspace: string): Promise<Row[]> {
  await using engine = await createEngine({ python, device: 'cpu' })
  const rows: Row[] = []
  for (const model of await modelsToMeasure(workspace)) rows.push(...(await benchModel(engine, model)))
  return rows
}

async function benchModel(engine: Engine, model: BenchModel): Promise<Row[]> {
  await engine.loadModel({ model: model.path })
  // Enough for several chunks after the abort.
  const promptTokens = model.large ? 1500 : 16_000
  const rows: Row[] = []
  const phases: Phase[] = [
    { name: 'decoding', prompt: uniquePrompt, events: 8, largeTimes: 10 },
    {
      name: `prefilling ${promptTokens} tokens`,
      prompt: () => uniqueWords(promptTokens),
      events: 1,
      largeTimes: 3,
    },
  ]
  for (const phase of phases) {
    const cancellations: Cancellation[] = []
    const times = rounds(model.large ? phase.largeTimes : 40)
    for (let round = 0; round < times; round += 1) {
      cancellations.push(await cancel(engine, model, phase, round))
    }
    rows.push(row(`${phase.name}, ${model.name}`, cancellations))
  }
  return rows
}

function row(name: string, cancellations: readonly Cancellation[]): Row {
  const spread = (key: keyof Cancellation, share: number) =>
    percentile(
      cancellations.map((one) => one[key]),
      share,
    )
  const [middle, most] = [spread('steps', 0.5), spread('steps', 0.95)]
  return {
    what: `abort() until no call is active, while ${name}: p50, p95`,
    ours: `${milliseconds(spread('latencyMs', 0.5))}, ${milliseconds(spread('latencyMs', 0.95))}`,
    peer: `one step: ${milliseconds(spread('stepMs', 0.5))}`,
    result: `${middle}, ${most} steps`,
    bar: '<= 1 step',
    met: most <= 1,
  }
}

async function cancel(engine: Engine, model: BenchModel, phase: Phase, round: number): Promise<Cancellation> {
  const controller = new AbortController()
  const events: number[] = []
  const began = performance.now()
  let onEnough: () => void = () => undefined
  const enough = new Promise<void>((resolve) => {
    onEnough = resolve
  })
  // The number varies, so that the abort does not always fall in the same part of a step.
  const wanted = phase.events + (model.large ? 0 : round % 3)
  const note = () => {
    if (events.push(performance.now()) === wanted) onEnough()
  }
  const call = (async () => {
    const options = { model: model.path, prompt: phase.prompt(), maxTokens: 4000, logprobs: 0 }
    const prefilling = phase.name !== 'decoding'
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
  if (isIdle(before)) throw new Error(`The call ended before it was aborted, while ${phase.name}.`)
  const start = performance.now()
  controller.abort()
  let status = await engine.status()
  while (!isIdle(status)) status = await engine.status()
  const latencyMs = performance.now() - start
  await ended
  const stepMs = median(events.map((at, place) => at - (events[place - 1] ?? began)))
  return { latencyMs, steps: status.steps - before.steps, stepMs }
}

function isIdle({ active, queued }: EngineStatus): boolean {
  return active === 0 && queued === 0
}
