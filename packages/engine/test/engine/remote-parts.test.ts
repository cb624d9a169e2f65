import { describe, expect, test } from 'vitest'
import { Sequence } from '../../src/engine/remote/sequence.ts'
import { StopStrings } from '../../src/engine/remote/stop-strings.ts'
import { type ParsedCalls, ToolCallAssembly } from '../../src/engine/remote/tool-calls.ts'

describe('stop strings', () => {
  const text = 'one ababac two ENDE three'

  /** Both ways to cut a text in three. */
  function* cuts(length: number) {
    for (let first = 0; first <= length; first += 1) {
      for (let second = first; second <= length; second += 1) yield [first, second] as const
    }
  }

  test.each([
    [['abac'], 'one ab', 'abac'],
    [['END', 'two'], 'one ababac ', 'two'],
    [['ENDE', 'NDE'], 'one ababac two ', 'ENDE'],
    [['three!'], text, undefined],
    [[], text, undefined],
  ])('%o end the text where they begin, however it is split', (stop, expected, met) => {
    for (const [first, second] of cuts(text.length)) {
      const strings = new StopStrings(stop)
      let shown = ''
      let stopString: string | undefined
      for (const piece of [text.slice(0, first), text.slice(first, second), text.slice(second)]) {
        if (stopString !== undefined) break
        const found = strings.add(piece)
        shown += found.text
        stopString = found.stopString
      }
      shown += strings.rest()
      expect(shown).toBe(expected)
      expect(stopString).toBe(met)
    }
  })

  test('hold back only what may be the beginning of one', () => {
    expect(new StopStrings(['END']).add('the E').text).toBe('the ')
    expect(new StopStrings(['END']).add('the Ex').text).toBe('the Ex')
  })
})

describe('tool calls', () => {
  function assemble(pieces: Parameters<ToolCallAssembly['add']>[0]): ParsedCalls {
    const assembly = new ToolCallAssembly()
    const ended = pieces.map((piece) => assembly.add([piece]))
    ended.push(assembly.end())
    return {
      toolCalls: ended.flatMap(({ toolCalls }) => toolCalls),
      toolErrors: ended.flatMap(({ toolErrors }) => toolErrors),
    }
  }

  const begin = { index: 0, id: 'a', function: { name: 'find', arguments: '' } }
  const found = { id: 'a', name: 'find', arguments: { word: 'ü"' } }

  test('come together from pieces, cut at every character', () => {
    const json = JSON.stringify(found.arguments)
    const pieces = [...json].map((character) => ({ index: 0, function: { arguments: character } }))
    expect(assemble([begin, ...pieces])).toEqual({ toolCalls: [found], toolErrors: [] })
  })

  test('are returned once the next one begins', () => {
    const assembly = new ToolCallAssembly()
    expect(assembly.add([begin]).toolCalls).toEqual([])
    const second = { index: 1, id: 'b', function: { name: 'stop', arguments: '{}' } }
    expect(assembly.add([second]).toolCalls).toEqual([{ id: 'a', name: 'find', arguments: {} }])
    expect(assembly.end().toolCalls).toEqual([{ id: 'b', name: 'stop', arguments: {} }])
  })

  test('are identified by their ids if a server leaves the index out', () => {
    const pieces = [
      { id: 'a', function: { name: 'find', arguments: '{"word":' } },
      { function: { arguments: '1}' } },
      { id: 'b', function: { name: 'find', arguments: '{"word":2}' } },
    ]
    expect(assemble(pieces).toolCalls).toEqual([
      { id: 'a', name: 'find', arguments: { word: 1 } },
      { id: 'b', name: 'find', arguments: { word: 2 } },
    ])
  })

  test.each([
    ['cut off', 'find', '{"word": "a'],
    ['no JSON', 'find', 'word=a'],
    ['no object', 'find', '["a"]'],
    ['without a name', '', '{}'],
  ])('that are %s are reported with what was received', (_, name, text) => {
    const { toolCalls, toolErrors } = assemble([{ index: 0, id: 'a', function: { name, arguments: text } }])
    expect(toolCalls).toEqual([])
    expect(toolErrors).toEqual([
      { raw: JSON.stringify({ name, arguments: text }), message: expect.stringMatching(/./) },
    ])
  })

  test('that a server announces but does not send are reported', () => {
    const chunk = new Sequence(0, []).add({ delta: {}, finish_reason: 'tool_calls' })
    expect(chunk).toMatchObject({ finishReason: 'tool_calls', toolErrors: [{ raw: '' }] })
  })

  test('set the finish reason, even if the server says stop', () => {
    const sequence = new Sequence(0, [])
    sequence.add({ delta: { tool_calls: [begin] } })
    expect(sequence.add({ delta: {}, finish_reason: 'stop' })).toMatchObject({
      finishReason: 'tool_calls',
      toolCalls: [{ name: 'find' }],
    })
  })
})
