import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { createEngine } from '../packages/engine/src/engine/index.ts'
import { type Burst, requireComplete, throughput, ttft } from './burst.ts'
import type { Body, HttpClient } from './http-client.ts'
import { interleave, median, rounds, time } from './measure.ts'
import { startMlxLmServer } from './mlx-lm-server.ts'
import { type BenchModel, helloModel, modelsToMeasure, uniquePrompt } from './models.ts'
import { type OurServer, startOurServer } from './our-server.ts'
import { atLeast, atMost, difference, milliseconds, perSecond, type Row, ratio } from './table.ts'
import { startVllmMlx } from './vllm-mlx-server.ts'
import { createProject, hello, python } from './workspace.ts'

const answersSchema = z.array(z.object({ question: z.string(), answer: z.string() }))

/**
 * Measures the server of a created project against mlx_lm.server and vllm-mlx with the same client: bursts of streams, the
 * overhead of HTTP, and memory. Medians of 7, or of 3 for the large model.
 */
export async function benchServer(workspace: string): Promise<Row[]> {
  const project = await createProject(workspace, 'measured-server', 'server')
  await execa('npm', ['run', 'build'], { cwd: project })
  const rows: Row[] = []
  for (const model of await modelsToMeasure(workspace)) {
    await using ours = await startOurServer(project, model.path)
    await using peer = await startMlxLmServer(workspace, model.path)
    await using vllm = await startVllmMlx(workspace, model.path)
    for (const streams of model.large ? [1, 16] : [1, 8, 32]) {
      rows.push(...(await burstsOf(ours, { 'mlx_lm.server': peer, 'vllm-mlx': vllm }, model, streams)))
    }
  }
  if (process.env.BENCH_MODEL === 'large') return rows
  rows.push(...(await naturalBursts(project, workspace)))
  rows.push(await overhead(project, workspace))
  rows.push(...(await memory(project, workspace)))
  return rows
}

/** Measures bursts of answers with the same length, to prompts that are in no cache. */
async function burstsOf(
  ours: HttpClient,
  peers: Record<string, HttpClient>,
  model: BenchModel,
  streams: number,
): Promise<Row[]> {
  const maxTokens = model.maxTokens(streams)
  const bodies = (): Body[] =>
    Array.from({ length: streams }, () => ({ prompt: uniquePrompt(), max_tokens: maxTokens }))
  const side = (client: HttpClient) => async () => requireComplete(await client.burst(bodies()), maxTokens)
  const sides = [ours, ...Object.values(peers)].map(side)
  const [own = [], ...others] = await interleave(rounds(model.large ? 3 : 7), sides)
  const name = `${streams} ${streams === 1 ? 'stream' : 'streams'} of ${maxTokens} tokens, ${model.name}`
  const bars = !model.large && streams === 32 ? burstBars : model.large && streams === 16 ? largeBars : {}
  return Object.keys(peers).flatMap((peer, place) =>
    compareWithPeer(name, peer, own, others[place] ?? [], peer === 'mlx_lm.server' ? bars : {}),
  )
}

/** Measures the questions that the hello model knows, whose answers end by themselves. */
async function naturalBursts(project: string, workspace: string): Promise<Row[]> {
  const known = answersSchema.parse(JSON.parse(await readFile(join(hello, 'answers.json'), 'utf8')))
  await using ours = await startOurServer(project, hello)
  await using peer = await startMlxLmServer(workspace, hello)
  const bodies = Array.from({ length: 32 }, (_, number): Body => {
    const question = known[number % known.length]?.question ?? ''
    return { messages: [{ role: 'user', content: question }], max_tokens: 400 }
  })
  const [own = [], other = []] = await interleave(rounds(7), [
    () => ours.burst(bodies),
    () => peer.burst(bodies),
  ])
  return compareWithPeer("32 streams of hello's own answers", 'mlx_lm.server', own, other, burstBars)
}

interface Bars {
  rate?: number
  ttft?: number
}

/** The goals: for a burst on the hello model, and for the large model, which is limited by decoding. */
const burstBars: Bars = { rate: 5, ttft: 0.2 }
const largeBars: Bars = { rate: 1 }

function compareWithPeer(
  name: string,
  peer: string,
  own: readonly Burst[],
  other: readonly Burst[],
  bars: Bars,
): Row[] {
  const middle = (bursts: readonly Burst[], of: (burst: Burst) => number) => median(bursts.map(of))
  const rate = { ours: middle(own, throughput), peer: middle(other, throughput) }
  const first = { ours: middle(own, ttft), peer: middle(other, ttft) }
  const faster = rate.ours / rate.peer
  const sooner = first.ours / first.peer
  return [
    {
      what: `${name}: throughput`,
      ours: perSecond(rate.ours),
      peer: `${peer}: ${perSecond(rate.peer)}`,
      ...(bars.rate === undefined ? { result: ratio(faster) } : atLeast(faster, bars.rate)),
    },
    {
      what: `${name}: TTFT p50`,
      ours: milliseconds(first.ours),
      peer: `${peer}: ${milliseconds(first.peer)}`,
      ...(bars.ttft === undefined ? { result: ratio(sooner) } : atMost(sooner, bars.ttft)),
    },
  ]
}

/** Measures what HTTP adds to the engine, with sequential requests for one token. */
async function overhead(project: string, workspace: string): Promise<Row> {
  const model = (await helloModel(workspace)).path
  await using ours = await startOurServer(project, model)
  await using peer = await startMlxLmServer(workspace, model)
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model })
  const body = (): Body => ({ prompt: uniquePrompt(), max_tokens: 1 })
  const [http = [], alone = [], other = []] = await interleave(rounds(200), [
    () => time(() => ours.stream(body())),
    () => time(() => engine.complete({ model, prompt: uniquePrompt(), maxTokens: 1 })),
    () => time(() => peer.stream(body())),
  ])
  return {
    what: 'a request for one token, against the engine alone',
    ours: `${milliseconds(median(http))}, engine ${milliseconds(median(alone))}`,
    peer: `mlx_lm.server: ${milliseconds(median(other))}`,
    result: difference(median(http) - median(alone)),
  }
}

const queued = 500

/** Measures the resident memory of all processes of a server, idle and at its peak while it answers 500 requests. */
async function memory(project: string, workspace: string): Promise<Row[]> {
  const model = (await helloModel(workspace)).path
  const ours = await withResource(startOurServer(project, model), measureMemory)
  const peer = await withResource(startMlxLmServer(workspace, model), measureMemory)
  const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
  const row = (what: string, own: number, other: number): Row => ({
    what,
    ours: mebibytes(own),
    peer: `mlx_lm.server: ${mebibytes(other)}`,
    result: ratio(own / other),
  })
  return [
    row('memory, idle, hello', ours.idle, peer.idle),
    row(`peak memory with ${queued} concurrent requests, hello`, ours.peak, peer.peak),
    row(`memory added by ${queued} concurrent requests`, ours.peak - ours.idle, peer.peak - peer.idle),
  ]
}

async function withResource<Resource extends AsyncDisposable, Value>(
  opening: Promise<Resource>,
  use: (resource: Resource) => Promise<Value>,
): Promise<Value> {
  await using resource = await opening
  return await use(resource)
}

async function measureMemory(
  server: HttpClient & Pick<OurServer, 'pid'>,
): Promise<{ idle: number; peak: number }> {
  await server.burst([{ prompt: uniquePrompt(), max_tokens: 4 }])
  const idle = await residentBytes(server.pid)
  let peak = idle
  let done = false
  const bodies = Array.from({ length: queued }, (): Body => ({ prompt: uniquePrompt(), max_tokens: 20 }))
  const burst = server.burst(bodies).finally(() => {
    done = true
  })
  while (!done) {
    peak = Math.max(peak, await residentBytes(server.pid))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  requireComplete(await burst, 20)
  return { idle, peak }
}

/** Returns the resident memory of a process and its descendants in bytes (Linux only). */
async function residentBytes(pid: number): Promise<number> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // The process may have exited.
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const parent = /\) \S (\d+)/.exec(stat)?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const own = [pid]
  for (const one of own) for (const [child, parent] of parents) if (parent === one) own.push(child)
  const sizes = await Promise.all(
    own.map(async (one) => {
      const status = await readFile(`/proc/${one}/status`, 'utf8').catch(() => '')
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
