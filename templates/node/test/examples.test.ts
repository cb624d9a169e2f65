import { once } from 'node:events'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { answerTo } from './support/hello.ts'
import { Output } from './support/output.ts'
import { run, start } from './support/program.ts'

const onNode = ['--import', 'tsx']

test('examples/chat.ts', async () => {
  const turns = ['Say hello.', 'Count to ten.'].map((question) => `> ${question}\n${answerTo(question)}\n`)
  expect(await run([...onNode, 'examples/chat.ts'])).toEqual({ stdout: turns.join(''), stderr: '', code: 0 })
})

test('examples/parallel.ts', async () => {
  const { stdout, code } = await run([...onNode, 'examples/parallel.ts'])
  for (const question of ['Who are you?', 'Say hello in five languages.', 'What comes next?']) {
    expect(stdout).toContain(`> ${question}\n${answerTo(question)}\n`)
  }
  expect(stdout).toMatch(/\n8 answers, \d+ tokens in \d+\.\d\d s: \d+ tokens\/s\n$/)
  expect(code).toBe(0)
})

test('examples/cancel.ts', async () => {
  const { stdout, code } = await run([...onNode, 'examples/cancel.ts'])
  expect(stdout).toMatch(/^Once/)
  expect(stdout).toContain('\nLeft the loop\none two three four five six \nEnded in front of "seven": stop\n')
  expect(stdout).toMatch(/\nThe same again: true\n$/)
  expect(code).toBe(0)
})

test('examples/structured.ts', async () => {
  expect(await run([...onNode, 'examples/structured.ts'])).toEqual({
    stdout: 'The model is hello, and tiny.\nDoes it work? Yes\n{"tiny": true}\n',
    stderr: '',
    code: 0,
  })
})

test('examples/tools.ts', async () => {
  expect(await run([...onNode, 'examples/tools.ts'])).toEqual({
    stdout: 'Looking up the weather in Bern\nIt is sunny in Bern, with 21 degrees.\n',
    stderr: '',
    code: 0,
  })
})

test('examples/memory.ts', async () => {
  const { stdout, stderr, code } = await run([...onNode, 'examples/memory.ts'])
  for (const question of ['Say hello.', 'Count to ten.']) {
    expect(stdout).toContain(`> ${question}\n${answerTo(question)}\n`)
  }
  const counts = Array.from(
    stdout.matchAll(/^(\d+) tokens of prompt, (\d+) of them/gm),
    ([, prompt, known]) => ({
      prompt: Number(prompt),
      known: Number(known),
    }),
  )
  const [first, second, third] = counts
  expect(first).toEqual({ prompt: expect.any(Number), known: 0 })
  // All of the turn before but a few tokens at its end.
  expect(second?.known).toBeGreaterThan(200)
  expect(third?.known).toBeGreaterThanOrEqual(second?.prompt ?? Number.POSITIVE_INFINITY)
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
})

test('examples/sequences.ts', async () => {
  const { stdout, stderr, code } = await run([...onNode, 'examples/sequences.ts'])
  const lines = stdout.trimEnd().split('\n')
  const means = lines.slice(0, 5).map((line) => Number(/^(-\d\.\d{3}) {2}".+"$/.exec(line)?.[1]))
  expect(means).toEqual([...means].sort((one, other) => other - one))
  expect(new Set(lines.slice(0, 5)).size).toBeGreaterThan(1)
  const chances = lines.slice(5).map((line) => Number(/^(\d+\.\d) % {2}".+"$/.exec(line)?.[1]))
  expect(chances).toHaveLength(3)
  expect(chances).toEqual([...chances].sort((one, other) => other - one))
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
})

test('npm run dev runs index.ts, and again when it is told to', async () => {
  const tsx = createRequire(import.meta.url).resolve('tsx/cli')
  const child = start([tsx, 'watch', '--clear-screen=false', 'index.ts'])
  const closed = once(child, 'close')
  const progress = new Output(child.stderr)
  const shown = new Output(child.stdout)
  await shown.see(answerTo('What is MLX?'))
  expect(progress.text).toMatch(/^load: \d+ of \d+ bytes$/m)
  // What a saved file does too.
  child.stdin.write('\n')
  await shown.see(answerTo('What is MLX?'))
  child.kill('SIGTERM')
  await closed
})
