import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type IPty, spawn } from '@lydell/node-pty'
import { execa } from 'execa'
import { afterAll, onTestFinished } from 'vitest'
import { bundle } from '../../scripts/bundle.ts'
import { withoutControls } from '../../scripts/picture/controls.ts'
import { temporaryFolder } from './folders.ts'

/** The tool as it is published, built into a folder that is gone after the tests of the file. @returns its bin. */
export async function builtTool(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-built-'))
  // Some tests run it as another user.
  chmodSync(folder, 0o755)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  await bundle(join(folder, 'dist'))
  return join(folder, 'dist', 'index.js')
}

/**
 * The environment of a person at a plain terminal: a home folder of its own, nothing of npm, CI, coding agents
 * or the user's git.
 */
export function plainEnvironment(additions: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: temporaryFolder('home'),
    GIT_CONFIG_NOSYSTEM: '1',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    ...additions,
  }
}

/** Variables that give git an identity. */
export const gitIdentity = {
  GIT_AUTHOR_NAME: 'Ada Lovelace',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada Lovelace',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
}

export interface Ended {
  exitCode: number | undefined
  stdout: string
  stderr: string
}

/** Whom a program runs as. */
export type User = { uid?: number; gid?: number }

/** A user whom permissions mean something to: root may do everything, so it becomes nobody. */
export function ordinaryUser(): User {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
}

/** Gives a folder and what is in it to the ordinary user. */
export function giveToOrdinaryUser(folder: string): void {
  const { uid, gid } = ordinaryUser()
  if (uid === undefined || gid === undefined) return
  for (const path of ['', ...readdirSync(folder, { encoding: 'utf8', recursive: true })]) {
    lchownSync(join(folder, path), uid, gid)
  }
}

/** Runs the tool without a terminal. */
export async function runTool(
  bin: string,
  flags: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; user?: User },
): Promise<Ended> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, ...flags], {
    ...options.user,
    cwd: options.cwd,
    env: options.env ?? plainEnvironment(),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })
  return { exitCode, stdout, stderr }
}

/** A folder for the PATH with programs of this machine and made-up ones, each the text of a shell script. */
export function programs(
  scripts: Readonly<Record<string, string>>,
  real: readonly string[] = ['sh', 'sleep'],
): string {
  const folder = temporaryFolder('bin')
  mkdirSync(folder, { recursive: true })
  symlinkSync(process.execPath, join(folder, 'node'))
  for (const name of real) {
    const place = ['/usr/bin', '/bin'].map((path) => join(path, name))[0]
    if (place !== undefined) symlinkSync(place, join(folder, name))
  }
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

export interface Terminal {
  /** The tool's process. */
  pid: number
  /** All that was drawn, without control sequences. */
  text(): string
  /** All that was drawn, as it came. */
  raw(): string
  /** Waits until a text is drawn, after what the last call saw. */
  see(text: string): Promise<void>
  press(keys: string): void
  kill(signal: NodeJS.Signals): void
  /** Closes the terminal, as somebody does who closes its window. */
  hangUp(): void
  /** The exit code. */
  ended: Promise<number>
}

export const keys = { enter: '\r', interrupt: '\u0003', escape: '\u001b', erase: '\u007f', last: '\u0005' }

/** How long a test waits for something to be drawn. */
const patienceMs = 60_000

/**
 * The shell that a person types the command into. It outlives the tool, and with it the terminal: where the tool was
 * the first process of its terminal, its end would end whatever it left running.
 */
const shell = `trap : INT TERM HUP
sh -c 'echo "tool $$"; exec "$@"' sh "$@"
code=$?
echo "ended with $code."
read line
exit $code`

/**
 * Runs the tool on a real pseudo-terminal.
 *
 * @param options.shell whether it is run by a shell, as by a person. The shell stays until the test ends. To close the
 * terminal the tool is to be without: a closed terminal tells its first process alone.
 */
export function runInTerminal(
  bin: string,
  flags: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; columns?: number; shell?: boolean },
): Terminal {
  const words = [process.execPath, bin, ...flags]
  const [program = '', ...parameters] = options.shell ? ['sh', '-c', shell, 'sh', ...words] : words
  const terminal: IPty = spawn(program, parameters, {
    cwd: options.cwd,
    cols: options.columns ?? 100,
    rows: 40,
    // By npm, so that it is no question which of the package managers on this machine is used.
    env: options.env ?? plainEnvironment({ npm_config_user_agent: 'npm/11.19.1 node/v24.0.0' }),
  })
  let drawn = ''
  let seen = 0
  const listeners = new Set<() => void>()
  terminal.onData((data) => {
    drawn += data
    for (const listener of listeners) listener()
  })
  let running = true
  const ended = new Promise<number>((resolve) => {
    terminal.onExit(({ exitCode }) => {
      running = false
      resolve(exitCode)
    })
    listeners.add(() => {
      const code = /^ended with (\d+)\.$/m.exec(withoutControls(drawn))?.[1]
      if (code !== undefined) resolve(Number(code))
    })
  })
  onTestFinished(() => {
    if (running) terminal.kill('SIGKILL')
  })
  const text = (): string => withoutControls(drawn)
  const toolId = (): number => {
    const id = /^tool (\d+)$/m.exec(text())?.[1]
    return id === undefined ? terminal.pid : Number(id)
  }
  return {
    get pid() {
      return toolId()
    },
    text,
    raw: () => drawn,
    ended,
    press: (pressed) => terminal.write(pressed),
    kill: (signal) => void process.kill(toolId(), signal),
    hangUp: () => {
      // Not in its types: their kill() sends a signal, which a terminal does not do by being closed.
      if (!('destroy' in terminal) || typeof terminal.destroy !== 'function')
        throw new Error('node-pty has changed')
      terminal.destroy()
    },
    see: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const index = text().indexOf(wanted, seen)
          if (index < 0) return
          seen = index + wanted.length
          clearTimeout(timer)
          listeners.delete(look)
          resolve()
        }
        const timer = setTimeout(() => {
          listeners.delete(look)
          reject(new Error(`"${wanted}" was not drawn:\n${text().slice(seen)}`))
        }, patienceMs)
        listeners.add(look)
        look()
      }),
  }
}
