import { expect, test } from 'vitest'
import { AnswerView } from '../../src/chat/answer-view.ts'

test.each([
  [[{ text: 'a\n' }, { text: '' }], 'a\n'],
  [[{ text: 'a' }], 'a\n'],
  [
    [
      { reasoning: 'h', text: '' },
      { reasoning: 'm', text: '' },
    ],
    '(h)(m)(\n)',
  ],
  [[{ reasoning: 'hm', text: 'a' }, { text: 'b' }], '(hm)(\n)(\n)ab\n'],
  [[{ reasoning: 'hm\n', text: 'a' }], '(hm\n)(\n)a\n'],
  [[], ''],
])('%j is shown as %j', (chunks, shown) => {
  let written = ''
  const view = new AnswerView({
    text: (text) => {
      written += text
    },
    reasoning: (text) => {
      written += `(${text})`
    },
  })
  for (const chunk of chunks) view.show(chunk)
  view.end()
  expect(written).toBe(shown)
})
