/** Tests the examples and the chat during an answer, with a model that is slow enough. */
import { once } from 'node:events'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Output } from '../../templates/node/tests/support/output.ts'
import { chat, example, makeSlowPython, run, start, story, useFolder } from '../support/chat/program.ts'
import { answerTo, helloDirectory } from '../support/hello.ts'

const folder = useFolder()
const slow = { extra: { MLX_PYTHON: makeSlowPython(folder) } }

test('examples/cancel.ts stops in the middle', async () => {
  const { stdout, code } = await run(example('cancel.ts'), slow)
  const lines = stdout.split('\n')
  const [stopped = '', signal, left = '', loop, counted, stop] = lines
  for (const part of [stopped, left]) {
    expect(part).not.toBe('')
    expect(answerTo(story).startsWith(part)).toBe(true)
    expect(part.length).toBeLessThan(answerTo(story).length)
  }
  expect([signal, loop]).toEqual(['Stopped by the signal: ABORTED', 'Left the loop'])
  expect([counted, stop]).toEqual(['one two three four five six ', 'Stopped before "seven": stop'])
  expect(lines.at(-2)).toBe('Same answer twice: true')
  expect(code).toBe(0)
})

test('examples/tools.ts tells what to do about a model without tools, without a stack', async () => {
  const model = join(folder, 'no tools')
  cpSync(helloDirectory, model, { recursive: true })
  const turn = '<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n'
  const template = `{% for message in messages %}${turn}{% endfor %}<|im_start|>assistant\n`
  writeFileSync(join(model, 'chat_template.jinja'), template)
  expect(await run(example('tools.ts'), { extra: { MLX_MODEL: model } })).toEqual({
    stdout: '',
    stderr: expect.stringMatching(
      /^This model's chat template has no known format of tool calls\. .*\nUse a model that was trained for tools, .*\n$/,
    ),
    code: 1,
  })
})

test('exits with 130 on Ctrl-C during an answer', async () => {
  const child = start([...chat, story], slow)
  const closed = once(child, 'close')
  await new Output(child.stdout).see('Once upon')
  child.kill('SIGINT')
  expect(await closed).toEqual([130, null])
})

test('exits quietly with 0 when the reader closes the pipe', async () => {
  const child = start([...chat, story], slow)
  const closed = once(child, 'close')
  const errors = new Output(child.stderr)
  await new Output(child.stdout).see('Once upon')
  child.stdout.destroy()
  expect(await closed).toEqual([0, null])
  expect(errors.text).toBe('')
})

test('a seed makes sampling reproducible', async () => {
  const flags = ['--temperature', '2', '--max-tokens', '100', '--device', 'cpu', '--model', 'hello']
  const ask = (seed: string) => run([...chat, ...flags, '--seed', seed, story])
  const [one, same, ...others] = await Promise.all(['3', '3', '4', '5'].map(ask))
  expect(one?.code).toBe(0)
  expect(same).toEqual(one)
  expect(others.some((other) => other.stdout !== one?.stdout)).toBe(true)
})
