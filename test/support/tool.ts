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

/** Builds the tool for the tests in a file. @returns the path of its bin. */
export async function builtTool(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-built-'))
  // Some tests run the tool as another user.
  chmodSync(folder, 0o755)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  await bundle(join(folder, 'dist'))
  return join(folder, 'dist', 'index.js')
}

/**
 * Returns the environment of a user in a terminal, with an own home folder and without npm, CI, coding agents or git
 * configuration.
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

/** The variables with an identity for git. */
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

/** The user that a program runs as. */
export type User = { uid?: number; gid?: number }

/** Returns a user without root permissions: nobody if the tests run as root, and the current user otherwise. */
export function ordinaryUser(): User {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
}

/** Changes the owner of a folder and its contents to the ordinary user. */
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

/** Creates a folder for the PATH with programs of this machine and with shell scripts. */
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
  /** The process id of the tool. */
  pid: number
  /** Returns the output without control sequences. */
  text(): string
  /** Returns the output with control sequences. */
  raw(): string
  /** Waits for text in the output after what the last call saw. */
  see(text: string): Promise<void>
  press(keys: string): void
  kill(signal: NodeJS.Signals): void
  /** Closes the terminal, as closing its window does. */
  hangUp(): void
  /** The exit code of the tool. */
  ended: Promise<number>
}

export const keys = { enter: '\r', interrupt: '\u0003', escape: '\u001b', erase: '\u007f', last: '\u0005' }

/** How long a test waits for output. */
const timeoutMs = 60_000

/**
 * The shell that the command is typed into. It outlives the tool. If the tool were the first process of the terminal, everything
 * it left running would be terminated when it exits.
 */
const shell = `trap : INT TERM HUP
sh -c 'echo "tool $$"; exec "$@"' sh "$@"
code=$?
echo "ended with $code."
read line
exit $code`

/**
 * Runs the tool in a pseudo-terminal.
 *
 * @param options.shell whether to run the tool in a shell, which stays until the test ends. Tests that close the terminal must
 * not use it, because a closed terminal only signals its first process.
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
    // Runs it as npm does, so that the package manager does not depend on this machine.
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
    terminal.onExit(({ exitCode, signal }) => {
      running = false
      // As shells report it.
      resolve(signal ? 128 + signal : exitCode)
    })
    listeners.add(() => {
      const code = /^ended with (\d+)\.$/m.exec(withoutControls(drawn))?.[1]
      if (code !== undefined) resolve(Number(code))
    })
  })
  onTestFinished(() => {
    if (running) process.kill(terminal.pid, 'SIGKILL')
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
      // destroy() is missing in the types. kill() sends a signal, which closing a terminal does not do.
      if (!('destroy' in terminal) || typeof terminal.destroy !== 'function')
        throw new Error('node-pty has changed')
      // Otherwise node-pty sends a SIGHUP after that of the system, which may meet a tool that is exiting already.
      terminal.kill = () => undefined
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
          reject(new Error(`"${wanted}" did not appear in:\n${text().slice(seen)}`))
        }, timeoutMs)
        listeners.add(look)
        look()
      }),
  }
}
