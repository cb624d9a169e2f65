import { expect, test } from 'vitest'
import { findCommand, parseCommand } from '../../src/chat/commands.ts'
import { defaultFile } from '../../src/chat/save.ts'
import { printable } from '../../src/chat/text.ts'

test('removes escape sequences from the text of a model', () => {
  expect(printable('a\u001b[2Jb\r\u0007\u009bc\n\tGrüezi 👋🏽 مرحبا')).toBe('a[2Jbc\n\tGrüezi 👋🏽 مرحبا')
})

test('tells commands from messages that look like one', () => {
  expect(parseCommand('/Model  ./a b ')).toEqual({ name: 'model', argument: './a b' })
  expect(parseCommand('/system two\nlines')).toEqual({ name: 'system', argument: 'two\nlines' })
  expect(parseCommand('/?')).toEqual({ name: '?', argument: '' })
  for (const message of ['/etc/hosts: what is it?', 'a /help', '/', '//']) {
    expect(parseCommand(message)).toBeUndefined()
  }
  expect(findCommand('quit')?.name).toBe('exit')
  expect(findCommand('toString')).toBeUndefined()
})

test('the names of saved chats sort by time', () => {
  expect(defaultFile(new Date(2026, 0, 2, 3, 4, 5))).toBe('chat-2026-01-02-03-04-05.md')
})
