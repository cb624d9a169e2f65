import { createEngine, type Engine, type GenerateOptions } from '../packages/engine/src/engine/index.ts'
import { type Burst, engineBurst, requireComplete, throughput } from './burst.ts'
import { interleave, median, rounds } from './measure.ts'
import { type BenchModel, modelsToMeasure, uniquePrompt } from './models.ts'
import { perSecond, type Row } from './table.ts'
import { python } from './workspace.ts'

/** A schema with more items than fit in an answer, so that all answers have the same length. */
const people = {
  type: 'array',
  minItems: 100,
  items: {
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 12 },
      age: { type: 'integer', minimum: 0, maximum: 120 },
    },
    required: ['name', 'age'],
    additionalProperties: false,
  },
}

type Options = Omit<GenerateOptions, 'model' | 'prompt' | 'maxTokens'>

const sampled = { temperature: 1 }
const plain: Options = {}

/** The options to measure, each with the options that it is compared with. */
const pairs: readonly { what: string; options: Options; baseline: Options }[] = [
  { what: 'logprobs: 5', options: { logprobs: 5 }, baseline: plain },
  {
    what: 'a JSON schema',
    options: { responseFormat: { type: 'json_schema', schema: people } },
    baseline: plain,
  },
  { what: 'a seed, at temperature 1', options: { ...sampled, seed: 1 }, baseline: sampled },
  { what: 'temperature 1', options: sampled, baseline: plain },
]

/**
 * Measures tokens per second with and without an option, for one stream and for 8. Medians of 9, or of 3 for the large
 * model.
 */
export async function benchOptions(workspace: string): Promise<Row[]> {
  await using engine = await createEngine({ python, device: 'cpu' })
  const rows: Row[] = []
  for (const model of await modelsToMeasure(workspace)) rows.push(...(await benchModel(engine, model)))
  return rows
}

async function benchModel(engine: Engine, model: BenchModel): Promise<Row[]> {
  const rows: Row[] = []
  await engine.loadModel({ model: model.path })
  for (const streams of [1, 8]) {
    const rates = await ratesOf(engine, model, streams, rounds(model.large ? 3 : 9))
    for (const { what, options, baseline } of pairs) {
      const ours = rates(options)
      const peer = rates(baseline)
      rows.push({
        what: `${what}: ${streams} ${streams === 1 ? 'stream' : 'streams'}, ${model.name}`,
        ours: perSecond(ours),
        peer: `${baseline === plain ? 'greedy, without it' : 'the same without'}: ${perSecond(peer)}`,
        result: `${(100 * (1 - ours / peer)).toFixed(1)} % lost`,
      })
    }
  }
  return rows
}

/** Measures the throughput of each distinct set of options alternately. */
async function ratesOf(engine: Engine, model: BenchModel, streams: number, times: number) {
  const maxTokens = model.maxTokens(streams)
  const sets = [...new Set(pairs.flatMap(({ options, baseline }) => [options, baseline]))]
  const bursts = await interleave<Burst>(
    times,
    sets.map((options) => async () => {
      const calls = Array.from({ length: streams }, () => ({
        ...options,
        model: model.path,
        prompt: uniquePrompt(),
        maxTokens,
      }))
      return requireComplete(await engineBurst(engine, calls), maxTokens)
    }),
  )
  const rates = new Map(
    sets.map((options, place) => [options, median((bursts[place] ?? []).map(throughput))]),
  )
  return (options: Options) => rates.get(options) ?? Number.NaN
}
