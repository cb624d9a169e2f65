import { createEngine, type Engine, type GenerateOptions } from '../packages/engine/src/engine/index.ts'
import { type Burst, complete, engineBurst, throughput } from './burst.ts'
import { interleave, median, rounds } from './measure.ts'
import { type BenchModel, modelsToMeasure, uniquePrompt } from './models.ts'
import { perSecond, type Row } from './table.ts'
import { python } from './workspace.ts'

/** More of them than any answer here has room for, so that all answers are as long. */
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

/** What an option costs, each beside the same calls without it. */
const pairs: readonly { what: string; options: Options; beside: Options }[] = [
  { what: 'logprobs: 5', options: { logprobs: 5 }, beside: plain },
  {
    what: 'a JSON schema',
    options: { responseFormat: { type: 'json_schema', schema: people } },
    beside: plain,
  },
  { what: 'a seed, at temperature 1', options: { ...sampled, seed: 1 }, beside: sampled },
  { what: 'temperature 1', options: sampled, beside: plain },
]

/** Tokens per second with an option and without it, one stream and 8. Medians of 9, of 3 for the large model. */
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
    for (const { what, options, beside } of pairs) {
      const ours = rates(options)
      const peer = rates(beside)
      rows.push({
        what: `${what}: ${streams} ${streams === 1 ? 'stream' : 'streams'}, ${model.name}`,
        ours: perSecond(ours),
        peer: `${beside === plain ? 'greedy, without it' : 'the same without'}: ${perSecond(peer)}`,
        result: `${(100 * (1 - ours / peer)).toFixed(1)} % lost`,
      })
    }
  }
  return rows
}

/** The throughput of each set of options once, all in rotation. */
async function ratesOf(engine: Engine, model: BenchModel, streams: number, times: number) {
  const maxTokens = model.maxTokens(streams)
  const sets = [...new Set(pairs.flatMap(({ options, beside }) => [options, beside]))]
  const bursts = await interleave<Burst>(
    times,
    sets.map((options) => async () => {
      const calls = Array.from({ length: streams }, () => ({
        ...options,
        model: model.path,
        prompt: uniquePrompt(),
        maxTokens,
      }))
      return complete(await engineBurst(engine, calls), maxTokens)
    }),
  )
  const rates = new Map(
    sets.map((options, place) => [options, median((bursts[place] ?? []).map(throughput))]),
  )
  return (options: Options) => rates.get(options) ?? Number.NaN
}
