import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptCommand } from '../../packages/engine/src/setup/index.ts'
import { chat, directory, makeSlowPython, run, story, useFolder } from '../support/chat/program.ts'
import { keys, Screen } from '../support/chat/screen.ts'
import { answerTo } from '../support/hello.ts'

const folder = useFolder()
const firstWords = 'Once upon a time'

test('runs a chat with two turns, commands and a saved file', async () => {
  await using screen = new Screen()
  expect(await screen.see('\n> ')).toMatch(/hello\. Type \/help for commands/)
  expect(screen.raw).toMatch(/Loading +100 % {2}█+ +\d+ kB of \d+ kB/)

  expect(await screen.send('Say hello in five languages.')).toBe(answerTo('Say hello in five languages.'))
  expect(await screen.send('/system You are friendly.')).toBe('System message: You are friendly.')
  expect(await screen.send('Count to ten.')).toBe(answerTo('Count to ten.'))

  const help = await screen.send('/help')
  for (const name of ['/model', '/system', '/clear', '/save', '/stats', '/exit']) expect(help).toContain(name)
  expect(await screen.send('/stats')).toMatch(/\d+ tokens in \d+\.\d\d s, \d+\.\d tokens\/s.*MLX \d/s)
  expect(await screen.send('/model')).toMatch(/^\* hello {2}\d+ kB$/m)
  expect(await screen.send('/model absent')).toContain('There is no model "absent".')
  expect(await screen.send('/model hello')).toContain('Switched to hello.')
  expect(await screen.send('/nonsense')).toBe(
    'Unknown command /nonsense. Type /help for the list of commands.',
  )

  const file = join(folder, 'saved', 'chat.json')
  expect(await screen.send(`/save ${file}`)).toBe(`Saved to ${file}`)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    model: 'hello',
    messages: [
      { role: 'system', content: 'You are friendly.' },
      { role: 'user', content: 'Say hello in five languages.' },
      { role: 'assistant', content: answerTo('Say hello in five languages.') },
      { role: 'user', content: 'Count to ten.' },
      { role: 'assistant', content: answerTo('Count to ten.') },
    ],
  })
  expect(await screen.send(`/save ${file}`)).toBe(`${file} already exists. Choose another name.`)

  expect(await screen.send('/clear')).toBe('Started a new chat.')
  expect(await screen.send('/system -')).toBe('No system message is set.')
  expect(await screen.send('/save')).toBe('Nothing to save yet.')
  screen.type('/exit', keys.enter)
  expect(await screen.exitCode()).toBe(0)
})

test('Ctrl-C stops the answer, and exits when pressed twice', async () => {
  await using screen = new Screen([], { extra: { MLX_PYTHON: makeSlowPython(folder) } })
  await screen.see('\n> ')
  screen.type(story, keys.enter)
  await screen.see(firstWords)
  screen.type(keys.controlC)
  expect(await screen.see('Stopped.\n> ')).not.toContain('happy.')
  // The model is free at once and does not finish the story first.
  expect(await screen.send('Say hello.')).toBe(answerTo('Say hello.'))

  const file = join(folder, 'stopped.md')
  await screen.send(`/save ${file}`)
  const saved = readFileSync(file, 'utf8')
  expect(saved).toContain(`## You\n\n${story}\n\n## Model\n\n${firstWords}`)
  expect(saved).not.toContain('happy.')

  screen.type('half a que', keys.controlC)
  await screen.see('\n> ')
  screen.type('other text')
  await screen.see('other text')
  screen.type(keys.controlC)
  await screen.see('\n> ')
  screen.type(keys.controlC)
  expect(await screen.exitCode()).toBe(0)
})

const long = 'Count to ten. '.repeat(600)

test('shows how much of a long prompt is read, until the answer begins', async () => {
  await using screen = new Screen(['--system', long])
  await screen.see('\n> ')
  screen.type('Say hello.', keys.enter)
  await screen.see('Reading the prompt: ')
  await screen.see(' %')
  await screen.see('\n> ')
  // The line is cleared before the answer.
  expect(screen.raw.split('\r\u001b[K').at(-1)).not.toContain('Reading')
})

test('shows it for one question too, and writes none of it to a pipe', async () => {
  await using screen = new Screen(['--max-tokens', '5', long])
  await screen.see('Reading the prompt: ')
  expect(await screen.exitCode()).toBe(0)
  const { stdout, stderr } = await run([...chat, '--max-tokens', '5', long])
  expect(stdout + stderr).not.toContain('Reading')
})

test('keeps what is typed during an answer for the next prompt', async () => {
  await using screen = new Screen([], { extra: { MLX_PYTHON: makeSlowPython(folder) } })
  await screen.see('\n> ')
  screen.type('Count to ten.', keys.enter)
  await screen.see('one two')
  screen.type('Say hello.', keys.enter, 'Who are')
  expect(await screen.see('ten\n> Say hello.\n')).not.toContain('Who')
  await screen.see(`${answerTo('Say hello.')}\n> Who are`)
  screen.type(' you?', keys.enter)
  await screen.see(answerTo('Who are you?'))
  await screen.see('\n> ')
  screen.type(keys.controlD)
  expect(await screen.exitCode()).toBe(0)
})

test('pasted text and continued lines are one message, in a narrow terminal too', async () => {
  await using screen = new Screen(['--max-tokens', '4'], { columns: 24 })
  await screen.see('\n> ')
  screen.type('\u001b[200~Count\rto\rten.\u001b[201~')
  await screen.see('ten.')
  screen.type(keys.enter)
  await screen.see('\n> ')
  screen.type('Grüezi \\', keys.enter, '👋🏽', keys.enter)
  await screen.see('\n> ')
  const file = join(folder, 'pasted.json')
  screen.type(`/save ${file}`, keys.enter)
  await screen.see('Saved to')
  screen.type(keys.controlD)
  expect(await screen.exitCode()).toBe(0)
  const { messages } = JSON.parse(readFileSync(file, 'utf8'))
  expect(messages[0]).toEqual({ role: 'user', content: 'Count\nto\nten.' })
  expect(messages[2]).toEqual({ role: 'user', content: 'Grüezi \n👋🏽' })
})

describe('colours', () => {
  test('are not used with NO_COLOR', async () => {
    await using screen = new Screen()
    await screen.see('\n> ')
    expect(screen.raw).not.toContain('\u001b[1m')
  })

  test('are bold and dim without it', async () => {
    // Node reads these to find out what the terminal supports.
    const terminal = { NO_COLOR: undefined, CI: undefined, TERM: 'xterm-256color' }
    await using screen = new Screen([], { extra: terminal })
    await screen.see('\n> ')
    expect(screen.raw).toContain('\u001b[1m> ')
  })
})

test('without Python, says what to do and exits with 1', async () => {
  const python = join(folder, 'no python')
  expect(existsSync(python)).toBe(false)
  await using screen = new Screen([], { extra: { MLX_PYTHON: python } })
  await screen.see(scriptCommand('setup', process.env, directory))
  expect(await screen.exitCode()).toBe(1)
  expect(screen.raw).not.toContain('    at ')
})
