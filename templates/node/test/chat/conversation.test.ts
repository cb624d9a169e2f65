import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { converse } from '../../src/chat/conversation.ts'
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
  ended = converse(open, { system: undefined, sampling: { maxTokens: 100 } }, terminal)
  expect(await terminal.prompt()).toContain('hello. /help lists the commands')
})

test('two turns, and a file of them', async () => {
  expect(await terminal.say('Say hello in five languages.')).toBe(answerTo('Say hello in five languages.'))
  expect(await terminal.say('/system You are friendly.')).toBe('System message: You are friendly.')
  expect(await terminal.say('Count to ten.')).toBe(answerTo('Count to ten.'))

  const file = join(folder, 'saved', 'chat.json')
  expect(await terminal.say(`/save ${file}`)).toBe(`Saved to ${file}`)
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
  expect(await terminal.say(`/save ${file}`)).toBe(`${file} exists already: give another name.`)

  expect(await terminal.say('/clear')).toBe('A new chat.')
  terminal.type('/exit', keys.enter)
  await ended
})

test('commands', async () => {
  const help = await terminal.say('/help')
  for (const name of ['/model', '/system', '/clear', '/save', '/stats', '/exit']) expect(help).toContain(name)
  expect(await terminal.say('/model')).toMatch(/^\* hello {2}\d+ kB$/m)
  expect(await terminal.say('/model absent')).toContain('There is no model "absent".')
  expect(await terminal.say('/model hello')).toBe('Going on with hello.')
  expect(await terminal.say('/stats')).toContain('No whole answer yet.')
  expect(await terminal.say('Say hello.')).toBe(answerTo('Say hello.'))
  expect(await terminal.say('/stats')).toMatch(/\d+ tokens in \d+\.\d\d s, \d+\.\d tokens\/s.*MLX \d/s)
  expect(await terminal.say('/nonsense')).toBe('There is no /nonsense. /help lists the commands.')
  terminal.type(keys.controlD)
  await ended
})

test('a line that ends in \\ goes on in the next one', async () => {
  terminal.type('Count\\', keys.enter, 'to ten.', keys.enter)
  await terminal.prompt()
  const file = join(folder, 'lines.json')
  await terminal.say(`/save ${file}`)
  expect(JSON.parse(readFileSync(file, 'utf8')).messages[0]).toEqual({
    role: 'user',
    content: 'Count\nto ten.',
  })
  terminal.type(keys.controlD)
  await ended
})

test('Ctrl-C empties the line; twice, it leaves', async () => {
  terminal.type('half a que', keys.controlC)
  await terminal.prompt()
  terminal.type(keys.controlC)
  await ended
})
