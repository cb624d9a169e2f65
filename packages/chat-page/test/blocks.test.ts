import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import ReactMarkdown from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { describe, expect, test } from 'vitest'
import { isTooDeep, splitBlocks } from '../src/blocks.ts'

function render(markdown: string): string {
  const html = renderToStaticMarkup(createElement(ReactMarkdown, { remarkPlugins: [remarkGfm] }, markdown))
  return html.replaceAll('\n', '').trim()
}

const texts = {
  paragraphs: 'One.\n\nTwo *and\na half*.\n\n\n\nThree.',
  headings: '# One\n\nText\n## Two\n\n---\n\nMore',
  code: 'Look:\n\n```python\nfirst = 1\n\nsecond = 2\n```\n\nAfter.',
  'code in tildes that holds backticks': '~~~~\n```\n\ninside\n~~~\n\nstill\n~~~~\n\nAfter.',
  'code that never ends': 'Look:\n\n```\none\n\ntwo',
  'code in a list': '1. First\n\n   ```js\n   one()\n\n   two()\n   ```\n\n2. Second\n\nAfter.',
  'code behind the mark of a list': '- ```\n  one\n\n  two\n  ```\n\nAfter.',
  'indented code': 'Text\n\n    one\n\n    two\n\nAfter',
  'loose lists': '- one\n\n- two\n\n  more of two\n\n- three\n\nAfter.',
  'nested lists': '1. one\n   - a\n\n   - b\n2. two\n\nAfter',
  tables: 'Before\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\nAfter',
  quotes: '> one\n>\n> two\n\n> three\n\nAfter',
  references: 'See [the page][1].\n\nMore.\n\n[1]: https://example.com',
  footnotes: 'A claim.[^1]\n\nMore.\n\n[^1]: Its source.',
  html: '<script>alert(1)</script>\n\nAfter <b>bold</b>',
  'spaces on empty lines': 'One\n   \nTwo\n\t\nThree',
}

describe('the blocks of a text', () => {
  test.each(Object.entries(texts))('rendered alone are the text rendered whole: %s', (_name, text) => {
    expect(splitBlocks(text).map(render).join('')).toBe(render(text))
  })

  test.each(Object.entries(texts))('stay the same while text is added: %s', (_name, text) => {
    let finished: string[] = []
    for (let length = 1; length <= text.length; length += 1) {
      const blocks = splitBlocks(text.slice(0, length))
      // A definition at the end changes what came before it: then the text is one block.
      if (blocks.length > 1) expect(blocks.slice(0, finished.length)).toEqual(finished)
      finished = blocks.length > 1 ? blocks.slice(0, -1) : []
    }
  })

  test('are not rendered if they are nested too deeply', () => {
    expect(isTooDeep(`Before\n${'> - 1. '.repeat(20)}x`)).toBe(true)
    expect(isTooDeep('>'.repeat(50))).toBe(true)
    expect(isTooDeep(`${'-'.repeat(200)}\n${'> '.repeat(20)}x\n${'- '.repeat(20)}\n${'*'.repeat(99)}`)).toBe(
      false,
    )
  })

  test('are many in a long answer', () => {
    expect(splitBlocks(texts.paragraphs)).toEqual(['One.\n', 'Two *and\na half*.\n\n\n', 'Three.'])
    expect(splitBlocks('A paragraph.\n\n'.repeat(500))).toHaveLength(500)
    expect(splitBlocks('')).toEqual([])
  })
})
