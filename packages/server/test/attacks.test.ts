/** What other clients notice while somebody attacks the server: their small requests take less than a second. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, ask } from '../../engine/test/engine/support.ts'
import { send } from './raw.ts'
import { useServer } from './support.ts'

const shared = useServer({ HEADERS_TIMEOUT_MS: '2000', BODY_TIMEOUT_MS: '4000' })
const program = join(import.meta.dirname, 'attack-program.ts')
const boundMs = 1000

const outcomeSchema = z.object({ status: z.number(), sent: z.number(), ms: z.number() })
type Outcome = z.infer<typeof outcomeSchema>

interface Attack {
  outcomes: Outcome[]
  /** Resolves with each outcome. */
  next(): Promise<unknown>
  stop(): Promise<void>
}

function attack(scene: string): Attack {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', program, scene, shared.server.url],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('The attacker has no pipes.')
  const outcomes: Outcome[] = []
  const lines = createInterface(stdout).on('line', (line) => {
    outcomes.push(outcomeSchema.parse(JSON.parse(line)))
  })
  const exited = once(child, 'exit')
  return {
    outcomes,
    next: () => once(lines, 'line'),
    stop: async () => {
      stdin.end()
      await exited
    },
  }
}

/** The times of small requests, one after the other and each on a connection of its own, in milliseconds. */
async function others(count: number): Promise<{ p50: number; p95: number; max: number }> {
  const times: number[] = []
  for (let asked = 0; asked < count; asked += 1) {
    const started = performance.now()
    const { text } = await send(shared.server.url, {
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask('Say hello.')),
    })
    times.push(performance.now() - started)
    expect(text).toContain(JSON.stringify(answerTo('Say hello.')))
  }
  times.sort((one, other) => one - other)
  const at = (part: number) => Math.round(times[Math.min(count - 1, Math.floor(count * part))] ?? 0)
  return { p50: at(0.5), p95: at(0.95), max: at(1) }
}

test('200 bodies of which only half arrives', async () => {
  const quiet = await others(40)
  const attacker = attack('half')
  const during = await others(40)
  // The last of the attacker's connections is cut off soon after its time.
  while (attacker.outcomes.length < 200) await attacker.next()
  await attacker.stop()
  console.log('half-sent bodies', { quiet, during })
  expect(during.p95).toBeLessThan(boundMs)
  expect(new Set(attacker.outcomes.map(({ status }) => status))).toEqual(new Set([408]))
  for (const { ms } of attacker.outcomes) expect(ms).toBeLessThan(15_000)
})

test('bodies of 100 MB, one after the other', async () => {
  await others(5)
  const before = process.memoryUsage.rss()
  const attacker = attack('huge')
  await attacker.next()
  const during = await others(40)
  await attacker.stop()
  const grownMb = Math.round((process.memoryUsage.rss() - before) / 1e6)
  const sentMb = attacker.outcomes.map(({ sent }) => Math.round(sent / 1e6))
  console.log('100 MB bodies', { during, grownMb, attempts: sentMb.length, mostSentMb: Math.max(...sentMb) })
  expect(during.p95).toBeLessThan(boundMs)
  expect(new Set(attacker.outcomes.map(({ status }) => status))).toEqual(new Set([413]))
  expect(grownMb).toBeLessThan(200)
})

test('prompts of 6 MB, one after the other', async () => {
  const attacker = attack('long')
  await attacker.next()
  const during = await others(100)
  const { outcomes } = attacker
  console.log('6 MB prompts', { during, outcomes })
  await attacker.stop()
  expect(during.p95).toBeLessThan(boundMs)
  // All but the question how many tokens there are can be refused without a look at all of them.
  expect(outcomes[0]?.status).toBe(400)
})
