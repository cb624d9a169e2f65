import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { screenOf } from '../support/screen.ts'
import { builtTool, keys, plainEnvironment, programs, runInTerminal } from '../support/tool.ts'

const bin = await builtTool()
const size = { columns: 30, rows: 40 }
const down = '\u001b[B'

/** Every question, with what is pressed: one further down than what is proposed, where there is a list. */
const answers: readonly [question: string, pressed: string][] = [
  ['Project name:', `x${keys.enter}`],
  ['Which template?', `${down}${keys.enter}`],
  ['Which model?', `${down}${down}${down}${keys.enter}`],
  ['Add features:', ` ${keys.enter}`],
  ['Which Python environment?', keys.enter],
  ['Which package manager?', `${down}${keys.enter}`],
]

/** Answers them all in a narrow terminal, on a machine with two package managers and Python, without uv and git. */
async function answerAll(folder: string, more: NodeJS.ProcessEnv = {}) {
  const env = plainEnvironment({
    PATH: programs({ npm: 'exit 1', pnpm: 'exit 1', python3: 'exit 1' }),
    ...more,
  })
  const terminal = runInTerminal(bin, ['--no-git'], { cwd: folder, columns: size.columns, env })
  for (const [question, pressed] of answers) {
    await terminal.see(question)
    terminal.press(pressed)
  }
  expect(await terminal.ended).toBe(1)
  return { text: terminal.text(), raw: terminal.raw() }
}

/** From the first question to the last answer. What is told then may be a command to copy, and is the terminal's to wrap. */
function questionsOf(raw: string): string {
  const begin = raw.lastIndexOf('\n', raw.indexOf('Project name:')) + 1
  return raw.slice(begin, raw.indexOf('Using defaults'))
}

describe('a terminal of 30 columns', () => {
  it('shows each question whole, breaks no word, and draws nothing twice', async () => {
    const folder = temporaryFolder()
    const { text, raw } = await answerAll(folder)
    const { lines, broken } = screenOf(questionsOf(raw), size.columns, size.rows)
    expect(broken).toEqual([])
    for (const [question] of answers) {
      expect(
        lines.filter((line) => line.includes(question)),
        question,
      ).toHaveLength(1)
    }
    expect(text).toMatch(/❯.*mlx-community\/\S+\n {4}\S+ \(/)
    expect(text).toMatch(/\d [GM]B,\s+(fits|tight|too large)\)/)
    const { model } = JSON.parse(readFileSync(join(folder, 'x', 'mlx.config.json'), 'utf8'))
    expect(lines.join('').replaceAll(' ', '')).toContain(`›${model}(`)
  })

  it('shows everything without colours with NO_COLOR', async () => {
    const { raw, text } = await answerAll(temporaryFolder(), { NO_COLOR: '1' })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    expect(raw).not.toMatch(/\u001b\[\d+(;\d+)*m/)
    // What is under the cursor, what is marked and what was answered is told by characters.
    expect(text).toContain('❯')
    expect(text).toContain('◉')
    expect(text).toMatch(/✔ Which template\?\s+› Server/)
    expect(text).toMatch(/✔ Which package manager\?.*› pnpm/s)
    expect(text).toContain('Could not install the packages')
  })
})
