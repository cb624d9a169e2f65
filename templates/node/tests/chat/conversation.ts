import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { runConversation } from '../../src/chat/conversation.ts'
import { type OpenEngine, openEngine } from '../../src/chat/open-engine.ts'
import { answerTo } from '../support/hello.ts'
import { useFolder } from '../support/program.ts'
import { keys, TestTerminal } from '../support/terminal.ts'

const folder = useFolder()

let open: OpenEngine
beforeAll(async () => {
  open = await openEngine({ model: undefined, engine: {} })
})
afterAll(() => open[Symbol.asyncDispose]())

let terminal: TestTerminal
let ended: Promise<void>
beforeEach(async () => {
  terminal = new TestTerminal()
  ended = runConversation(open, { system: undefined, sampling: { maxTokens: 100 } }, terminal)
  expect(await terminal.prompt()).toContain('hello. Type /help for commands')
})

test('answers two turns and saves them', async () => {
  expect(await terminal.send('Say hello in five languages.')).toBe(answerTo('Say hello in five languages.'))
  expect(await terminal.send('/system You are friendly.')).toBe('System message: You are friendly.')
  expect(await terminal.send('Count to ten.')).toBe(answerTo('Count to ten.'))

  const file = join(folder, 'saved', 'chat.json')
  expect(await terminal.send(`/save ${file}`)).toBe(`Saved to ${file}`)
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
  expect(await terminal.send(`/save ${file}`)).toBe(`${file} already exists. Choose another name.`)

  expect(await terminal.send('/clear')).toBe('Started a new chat.')
  terminal.type('/exit', keys.enter)
  await ended
})

test('runs commands', async () => {
  const help = await terminal.send('/help')
  for (const name of ['/model', '/system', '/clear', '/save', '/stats', '/exit']) expect(help).toContain(name)
  expect(await terminal.send('/model')).toMatch(/^\* hello {2}\d+ kB$/m)
  expect(await terminal.send('/model absent')).toContain('There is no model "absent".')
  expect(await terminal.send('/model hello')).toBe('Switched to hello.')
  expect(await terminal.send('/stats')).toContain('No complete answer yet.')
  expect(await terminal.send('Say hello.')).toBe(answerTo('Say hello.'))
  expect(await terminal.send('/stats')).toMatch(/\d+ tokens in \d+\.\d\d s, \d+\.\d tokens\/s.*MLX \d/s)
  expect(await terminal.send('/nonsense')).toBe(
    'Unknown command /nonsense. Type /help for the list of commands.',
  )
  terminal.type(keys.controlD)
  await ended
})

test('a line that ends in \\ continues on the next line', async () => {
  terminal.type('Count\\', keys.enter, 'to ten.', keys.enter)
  await terminal.prompt()
  const file = join(folder, 'lines.json')
  await terminal.send(`/save ${file}`)
  expect(JSON.parse(readFileSync(file, 'utf8')).messages[0]).toEqual({
    role: 'user',
    content: 'Count\nto ten.',
  })
  terminal.type(keys.controlD)
  await ended
})

test('Ctrl-C clears the line, and exits when pressed twice', async () => {
  terminal.type('half a que', keys.controlC)
  await terminal.prompt()
  terminal.type(keys.controlC)
  await ended
})
