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
  expect(stdout).toContain('\nLeft the loop\none two three four five six \nStopped before "seven": stop\n')
  expect(stdout).toMatch(/\nSame answer twice: true\n$/)
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

test('examples/prompt-cache.ts', async () => {
  const { stdout, stderr, code } = await run([...onNode, 'examples/prompt-cache.ts'])
  for (const question of ['Say hello.', 'Count to ten.']) {
    expect(stdout).toContain(`> ${question}\n${answerTo(question)}\n`)
  }
  const counts = Array.from(
    stdout.matchAll(/^(\d+) prompt tokens, (\d+) of them/gm),
    ([, prompt, cached]) => ({
      prompt: Number(prompt),
      cached: Number(cached),
    }),
  )
  const [first, second, third] = counts
  expect(first).toEqual({ prompt: expect.any(Number), cached: 0 })
  // The whole previous turn, except for a few tokens at its end.
  expect(second?.cached).toBeGreaterThan(200)
  expect(third?.cached).toBeGreaterThanOrEqual(second?.prompt ?? Number.POSITIVE_INFINITY)
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
})

test('examples/sequences.ts', async () => {
  const { stdout, stderr, code } = await run([...onNode, 'examples/sequences.ts'])
  const lines = stdout.trimEnd().split('\n')
  const means = lines.slice(0, 5).map((line) => Number(/^(-\d\.\d{3}) {2}".+"$/.exec(line)?.[1]))
  expect(means).toEqual([...means].sort((first, second) => second - first))
  expect(new Set(lines.slice(0, 5)).size).toBeGreaterThan(1)
  const percentages = lines.slice(5).map((line) => Number(/^(\d+\.\d) % {2}".+"$/.exec(line)?.[1]))
  expect(percentages).toHaveLength(3)
  expect(percentages).toEqual([...percentages].sort((first, second) => second - first))
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
})

test('npm run dev runs index.ts and reruns it', async () => {
  const tsx = createRequire(import.meta.url).resolve('tsx/cli')
  const child = start([tsx, 'watch', '--clear-screen=false', 'index.ts'])
  const closed = once(child, 'close')
  const progress = new Output(child.stderr)
  const shown = new Output(child.stdout)
  await shown.see(answerTo('What is MLX?'))
  expect(progress.text).toMatch(/^load: \d+ of \d+ bytes$/m)
  // Enter reruns the program, as saving a file does.
  child.stdin.write('\n')
  await shown.see(answerTo('What is MLX?'))
  child.kill('SIGTERM')
  await closed
})
