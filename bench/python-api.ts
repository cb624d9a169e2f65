import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { type Burst, decodeRate, ttft } from './burst.ts'
import { alternate, median, rounds, time } from './measure.ts'
import { modelsToMeasure } from './models.ts'
import { startPeer } from './python-peer.ts'
import { atMost, difference, milliseconds, perSecond, type Row, ratio } from './table.ts'
import { python, root } from './workspace.ts'

/** A short prompt, so that the time to first token shows the overhead of the engine rather than the prefill. */
const prompt = 'A stream.'
const script = fileURLToPath(new URL('python_api.py', import.meta.url))
const sources = fileURLToPath(new URL('../packages/engine/python/src', import.meta.url))
const environment = { PYTHONPATH: sources }

interface Request {
  side: 'engine' | 'mlx_lm'
  prompts: string[]
  maxTokens: number
  together: boolean
}

/**
 * Measures the Python API against mlx-lm's stream_generate in the same process: one stream, and 8 and 32 calls at once
 * against as many one after another. Then the time of its import. Set BENCH_MODEL_FOLDER for a model of your own.
 */
export async function benchPython(workspace: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const model of await modelsToMeasure(workspace)) {
    rows.push(...(await benchModel(model.name, model.path, model.maxTokens, model.large ? 3 : 11)))
  }
  const own = process.env.BENCH_MODEL_FOLDER
  if (own !== undefined) rows.push(...(await benchModel(own, own, (count) => Math.max(8, 32 / count), 3)))
  rows.push(await importRow())
  return rows
}

async function benchModel(
  name: string,
  path: string,
  maxTokens: (streams: number) => number,
  times: number,
): Promise<Row[]> {
  await using peer = await startPeer<Request>(script, path, environment)
  const run = (side: Request['side'], count: number, together: boolean) => {
    // As many calls one after another take long.
    const tokens = count === 1 ? maxTokens(1) : Math.min(64, maxTokens(count))
    return peer.run({
      side,
      prompts: Array.from({ length: count }, () => prompt),
      maxTokens: tokens,
      together,
    })
  }
  const one = await alternate(
    rounds(times),
    () => run('engine', 1, false),
    () => run('mlx_lm', 1, false),
  )
  const middle = (bursts: readonly Burst[], value: (burst: Burst) => number) => median(bursts.map(value))
  const rate = { ours: middle(one.ours, decodeRate), peer: middle(one.peer, decodeRate) }
  const first = { ours: middle(one.ours, ttft), peer: middle(one.peer, ttft) }
  const rows: Row[] = [
    {
      what: `Python, decode, one stream, ${name}`,
      ours: perSecond(rate.ours),
      peer: `mlx-lm stream_generate in the same process: ${perSecond(rate.peer)}`,
      result: ratio(rate.ours / rate.peer),
    },
    {
      what: `Python, TTFT, ${name}`,
      ours: milliseconds(first.ours),
      peer: `the same: ${milliseconds(first.peer)}`,
      result: difference(first.ours - first.peer),
    },
  ]
  for (const count of [8, 32]) {
    const many = await alternate(
      rounds(3),
      () => run('engine', count, true),
      () => run('mlx_lm', count, false),
    )
    const total = {
      ours: middle(many.ours, ({ totalMs }) => totalMs),
      peer: middle(many.peer, ({ totalMs }) => totalMs),
    }
    rows.push({
      what: `Python, ${count} calls at once, ${name}`,
      ours: milliseconds(total.ours),
      peer: `mlx-lm stream_generate, one after another: ${milliseconds(total.peer)}`,
      result: ratio(total.ours / total.peer),
    })
  }
  return rows
}

async function importRow(): Promise<Row> {
  const run = (code: string) => time(() => execa(python, ['-c', code], { cwd: root, env: environment }))
  const { ours, peer } = await alternate(
    rounds(11),
    () => run('from mlx_app import MLXEngine'),
    () => run('import mlx_lm'),
  )
  return {
    what: 'Python, import of the package in a new process',
    ours: milliseconds(median(ours)),
    peer: `import mlx_lm: ${milliseconds(median(peer))}`,
    ...atMost(median(ours) / median(peer), 1.2),
  }
}
