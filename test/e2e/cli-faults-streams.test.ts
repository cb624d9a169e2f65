/** The built tool where its streams are closed, full or gone, and on terminals that can do little. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { builtTool, keys, plainEnvironment, programs, runInTerminal } from '../support/tool.ts'

const bin = await builtTool()
const quick = ['--yes', '--model', 'hello', '--no-install', '--no-git']

/** Runs the tool in a shell that redirects its streams. */
async function redirected(redirection: string, flags: readonly string[]) {
  const folder = temporaryFolder()
  const script = `exec "$@" ${redirection}`
  const { exitCode, stdout, stderr } = await execa(
    'sh',
    ['-c', script, 'sh', process.execPath, bin, ...flags],
    {
      cwd: folder,
      env: plainEnvironment(),
      extendEnv: false,
      reject: false,
    },
  )
  return { exitCode, stdout, stderr, isMade: existsSync(join(folder, 'x', 'package.json')) }
}

describe('a reader that closes the pipe', () => {
  /** Runs the tool with nobody at the other end of its pipes. */
  const unread = (
    flags: readonly string[],
    env: NodeJS.ProcessEnv,
    folder: string,
  ): Promise<number | null> => {
    const child = spawn(process.execPath, [bin, ...flags], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // Long before the process has started.
    child.stdout.destroy()
    child.stderr.destroy()
    return new Promise((resolve) => child.on('exit', resolve))
  }

  it.each([[['--help']], [['--list', '--json']], [['--version']]])('%j exits with 0', async (flags) => {
    expect(await unread(flags, plainEnvironment(), temporaryFolder())).toBe(0)
  })

  it('does not stop the project from being created or its packages from being installed', async () => {
    const folder = temporaryFolder()
    const env = plainEnvironment({
      PATH: programs({ npm: 'trap "" PIPE; echo working; : > "ran-$1"; exit 0' }),
    })
    expect(await unread(['x', '--yes', '--model', 'hello', '--no-git'], env, folder)).toBe(0)
    expect(existsSync(join(folder, 'x', 'ran-install'))).toBe(true)
    expect(existsSync(join(folder, 'x', 'ran-run'))).toBe(true)
  })
})

describe('a closed stream', () => {
  it.each(['>&-', '2>&-', '<&-', '<&- >&- 2>&-'])('%s: the project is made', async (redirection) => {
    expect(await redirected(redirection, ['x', ...quick])).toMatchObject({ exitCode: 0, isMade: true })
  })

  it('closed standard input: lists what is missing and exits with 2', async () => {
    expect(await redirected('<&-', [])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('there is no terminal to ask'),
    })
  })
})

describe('output to a full disk', () => {
  it.each([[quick], [[...quick, '--json']]])(
    '%j: creates the project, reports the failed output, and exits with 1',
    async (flags) => {
      expect(await redirected('> /dev/full', ['x', ...flags])).toMatchObject({
        exitCode: 1,
        isMade: true,
        stderr: expect.stringContaining('Some of the output could not be written (ENOSPC).'),
      })
    },
  )
})

describe('a terminal', () => {
  const answered = async (variables: NodeJS.ProcessEnv, columns?: number) => {
    const folder = temporaryFolder()
    const terminal = runInTerminal(bin, ['--no-install', '--no-git', '--package-manager', 'npm'], {
      cwd: folder,
      env: plainEnvironment(variables),
      ...(columns === undefined ? {} : { columns }),
    })
    // No more of it: a narrow terminal breaks the rest.
    await terminal.see('Project name:')
    terminal.press(`my-app${keys.enter}`)
    await terminal.see('Which template')
    terminal.press(keys.enter)
    await terminal.see('Which model?')
    terminal.press(keys.enter)
    await terminal.see('Add features:')
    terminal.press(` ${keys.enter}`)
    expect(await terminal.ended).toBe(0)
    expect(existsSync(join(folder, 'my-app', '.github', 'workflows', 'ci.yml'))).toBe(true)
    return terminal
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one
  const colour = /\u001b\[(3|4|9|10)\d(;\d+)*m/

  it('with 20 columns is usable', async () => {
    expect((await answered({}, 20)).text()).toContain('Next steps:\n  cd my-app\n')
  })

  it('that supports colours gets them', async () => {
    expect((await answered({})).raw()).toMatch(colour)
  })

  it.each([[{ TERM: 'dumb' }], [{ NO_COLOR: '1' }]])(
    'with %j gets no colours and is usable',
    async (variables) => {
      expect((await answered(variables)).raw()).not.toMatch(colour)
    },
  )

  it.each([[{ LANG: 'C', LC_ALL: 'C' }], [{ LANG: '', TERM: '' }]])('with %j works', async (variables) => {
    expect((await answered(variables)).text()).toContain('Next steps:')
  })
})
