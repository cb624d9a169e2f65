import { describe, expect, it } from 'vitest'
import { catalogue } from '../../src/models/catalogue.ts'
import { wrapEntry, wrapText } from '../../src/terminal/wrap.ts'

describe('a text in a narrow terminal', () => {
  it('breaks between words', () => {
    expect(wrapText('one two three', 20)).toBe('one two three')
    expect(wrapText('one two three', 8)).toBe('one two\nthree')
    expect(wrapText('one two three', 3)).toBe('one\ntwo\nthree')
    expect(wrapText('', 10)).toBe('')
    expect(wrapText('in /a/long-path/to/it now', 8)).toBe('in\n/a/long-path/to/it\nnow')
  })

  it('is indented below the marker of its entry', () => {
    expect(wrapEntry('one two three', 8, 4)).toBe('one two\n    three')
  })

  it('breaks a model name after hyphens and slashes', () => {
    expect(wrapEntry('mlx-community/Qwen3-0.6B-4bit (351 MB, fits)', 16, 0)).toBe(
      'mlx-community/\nQwen3-0.6B-4bit\n(351 MB, fits)',
    )
  })

  it('keeps every word, and no line is too wide', () => {
    for (const { id, description } of catalogue) {
      const text = `${id} (17.2 GB, too large) ${description}`
      const wrapped = wrapEntry(text, 26, 0)
      for (const line of wrapped.split('\n')) expect(line.length, line).toBeLessThanOrEqual(26)
      expect(wrapped.replaceAll(/(?<![-/])\n/g, ' ').replaceAll('\n', '')).toBe(text)
    }
  })
})
