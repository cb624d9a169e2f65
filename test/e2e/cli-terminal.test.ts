import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTree, temporaryFolder, writeTree } from '../support/folders.ts'
import { builtTool, keys, plainEnvironment, programs, runInTerminal, type Terminal } from '../support/tool.ts'

const bin = await builtTool()

/** Every question that can be asked, with how it is answered: on a machine with two package managers, Python and no uv. */
const questions: { text: string; answer: string }[] = [
  { text: 'Project name:', answer: `my-app${keys.enter}` },
  { text: 'Which template?', answer: keys.enter },
  { text: 'Which model?', answer: keys.enter },
  { text: 'Add features:', answer: keys.enter },
  { text: 'Which Python environment?', answer: keys.enter },
  { text: 'Which package manager?', answer: keys.enter },
]

/** A PATH with that alone. */
const everythingAsked = () =>
  plainEnvironment({ PATH: programs({ python3: 'exit 1', npm: 'exit 1', pnpm: 'exit 1' }) })

async function answerUpTo(terminal: Terminal, count: number): Promise<void> {
  for (const [index, { text, answer }] of questions.entries()) {
    if (index > count) return
    await terminal.see(text)
    if (index < count) terminal.press(answer)
  }
}

describe('on a terminal', () => {
  it('asks questions, and creates the project from the answers', async () => {
    const folder = temporaryFolder()
    const terminal = runInTerminal(bin, ['--no-install', '--no-git'], { cwd: folder })
    await terminal.see('Project name:')
    terminal.press(`my-app${keys.enter}`)
    await terminal.see('Which template?')
    await terminal.see('Server')
    terminal.press(keys.enter)
    await terminal.see('Which model?')
    await terminal.see('mlx-community/')
    terminal.press(keys.enter)
    await terminal.see('Add features:')
    await terminal.see('GitHub Actions')
    terminal.press(` ${keys.enter}`)
    expect(await terminal.ended).toBe(0)
    expect(terminal.text()).toContain('npm run setup')
    expect(terminal.text()).toContain('--with ci')
    expect(existsSync(join(folder, 'my-app', '.github', 'workflows', 'ci.yml'))).toBe(true)
    const config = JSON.parse(readFileSync(join(folder, 'my-app', 'mlx.config.json'), 'utf8'))
    expect(terminal.text()).toContain(`--model ${config.model}`)
  })

  it('accepts the default name on Enter, and a model that the user types', async () => {
    const folder = temporaryFolder()
    const terminal = runInTerminal(bin, ['--node', '--no-install', '--no-git'], { cwd: folder, columns: 40 })
    await terminal.see('Project name:')
    terminal.press(keys.enter)
    await terminal.see('Which model?')
    // The last one of the list is the one to type.
    terminal.press(keys.last)
    terminal.press(keys.enter)
    await terminal.see('Hugging Face ID or path:')
    terminal.press(`nonsense${keys.enter}`)
    await terminal.see('Unknown model')
    terminal.press(`${keys.erase.repeat('nonsense'.length)}some/model${keys.enter}`)
    await terminal.see('Add features:')
    terminal.press(keys.enter)
    expect(await terminal.ended).toBe(0)
    const config = JSON.parse(readFileSync(join(folder, 'my-mlx-app', 'mlx.config.json'), 'utf8'))
    expect(config.model).toBe('some/model')
  })

  it('explains an invalid name, and asks again', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'taken/mine': '' })
    const terminal = runInTerminal(bin, ['--server', '--model', 'hello', '--no-install', '--no-git'], {
      cwd: folder,
    })
    await terminal.see('Project name:')
    terminal.press(`taken${keys.enter}`)
    await terminal.see('The folder is not empty')
    terminal.press(`${keys.erase.repeat('taken'.length)}@my/App${keys.enter}`)
    await terminal.see('capital letters')
    terminal.press(`${keys.erase.repeat('@my/App'.length)}a good one${keys.enter}`)
    await terminal.see('Add features:')
    terminal.press(keys.enter)
    expect(await terminal.ended).toBe(0)
    expect(existsSync(join(folder, 'a good one', 'package.json'))).toBe(true)
  })

  it('asks nothing if every answer is given', async () => {
    const folder = temporaryFolder()
    const terminal = runInTerminal(bin, ['x', '--yes', '--no-install', '--no-git'], { cwd: folder })
    expect(await terminal.ended).toBe(0)
    expect(terminal.text()).not.toMatch(/Project name:|Which |Add features:/)
  })
})

describe.each([
  ['Ctrl-C', (terminal: Terminal) => terminal.press(keys.interrupt)],
  ['Escape', (terminal: Terminal) => terminal.press(keys.escape)],
  ['SIGTERM', (terminal: Terminal) => terminal.kill('SIGTERM')],
  ['SIGHUP', (terminal: Terminal) => terminal.kill('SIGHUP')],
])('%s', (_, leave) => {
  it.each(questions.map(({ text }, index) => [text, index] as const))(
    'at "%s" exits with 130 and leaves nothing behind',
    async (_text, index) => {
      const folder = temporaryFolder()
      const terminal = runInTerminal(bin, [], { cwd: folder, env: everythingAsked() })
      await answerUpTo(terminal, index)
      leave(terminal)
      expect(await terminal.ended).toBe(130)
      expect(terminal.text()).toContain('Nothing was written')
      expect(readTree(folder)).toEqual({})
    },
  )
})

it.each([keys.interrupt, keys.escape])(
  '%j while a model is typed exits with 130 and leaves nothing behind',
  async (key) => {
    const folder = temporaryFolder()
    const terminal = runInTerminal(bin, ['x', '--node'], { cwd: folder, env: everythingAsked() })
    await terminal.see('Which model?')
    terminal.press(keys.last)
    terminal.press(keys.enter)
    await terminal.see('Hugging Face ID or path:')
    terminal.press(`some/mod${key}`)
    expect(await terminal.ended).toBe(130)
    expect(terminal.text()).toContain('Nothing was written')
    expect(readTree(folder)).toEqual({})
  },
)

describe('closing the terminal', () => {
  it.each(questions.map(({ text }, index) => [text, index] as const))(
    'at "%s" ends the tool, and leaves nothing behind',
    async (_text, index) => {
      const folder = temporaryFolder()
      const terminal = runInTerminal(bin, [], { cwd: folder, env: everythingAsked() })
      await answerUpTo(terminal, index)
      terminal.hangUp()
      expect(await terminal.ended).toBe(130)
      expect(readTree(folder)).toEqual({})
    },
  )
})
