import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeThinkingModel } from '../../packages/engine/test/engine/thinking-model.ts'
import { chat, run, useFolder } from '../support/chat/program.ts'
import { Screen } from '../support/chat/screen.ts'
import { answerTo } from '../support/hello.ts'

const folder = useFolder()
const model = makeThinkingModel(folder)
const [thought, answer] = answerTo('Count to ten.').split(' five ')

test('shows reasoning dimmed above the answer, and keeps it out of the chat', async () => {
  const colours = { NO_COLOR: undefined, CI: undefined }
  await using screen = new Screen(['--model', model], { extra: colours })
  await screen.see('\n> ')
  expect(await screen.send('Count to ten.')).toBe(`${thought}\n\n${answer}`)
  // As much of it at once as had come.
  expect(screen.raw).toContain('\u001b[2mon')
  expect(screen.raw).not.toContain('\u001b[2m six')

  expect(await screen.send('/stats')).toMatch(/^Last answer: 21 tokens \(\d reasoning\) in/)
  const file = join(folder, 'chat.json')
  await screen.send(`/save ${file}`)
  expect(JSON.parse(readFileSync(file, 'utf8')).messages).toEqual([
    { role: 'user', content: 'Count to ten.' },
    { role: 'assistant', content: answer },
  ])
})

test('prints only the answer to one question on standard output', async () => {
  const outcome = await run([...chat, '--model', model, 'Count to ten.'])
  expect(outcome).toEqual({ stdout: `${answer}\n`, stderr: '', code: 0 })
})

test('shows reasoning above the answer to one question in a terminal', async () => {
  await using screen = new Screen(['--model', model, 'Count to ten.'])
  expect(await screen.see(`${answer}\n`)).toMatch(new RegExp(`${thought}\n\n${answer}\n$`))
  expect(await screen.exitCode()).toBe(0)
})

test('notes that an answer was cut off during reasoning', async () => {
  const { stdout, stderr, code } = await run([
    ...chat,
    '--model',
    model,
    '--max-tokens',
    '3',
    'Count to ten.',
  ])
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^The answer was cut off after 3 tokens/)
  expect(code).toBe(0)
})
