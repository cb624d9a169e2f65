/** Starts a desktop app, in the shim or on Electron, and connects to its window with Playwright. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { nodeVersion } from './desktop-environment.ts'
import { startDisplay } from './display.ts'
import type { Command, Report } from './electron-shim/control.ts'
import { nodeFolder } from './node-binaries.ts'
import { program } from './programs/find.ts'

/** What runs the main process and shows the windows. */
export type Runtime = 'the shim' | 'Electron'

const shim = fileURLToPath(new URL('electron-shim/run.ts', import.meta.url))

/** Returns the program of Electron that ELECTRON_EXEC_PATH names or that is installed, or undefined. */
export function findElectron(from: string): string | undefined {
  const { ELECTRON_EXEC_PATH } = process.env
  if (ELECTRON_EXEC_PATH) return ELECTRON_EXEC_PATH
  const resolver = createRequire(join(from, 'package.json'))
  let folder: string
  try {
    folder = dirname(resolver.resolve('electron/package.json'))
  } catch {
    // The package is not installed there.
    return undefined
  }
  const name = join(folder, 'path.txt')
  const path = existsSync(name) ? join(folder, 'dist', readFileSync(name, 'utf8')) : ''
  return path !== '' && existsSync(path) ? path : undefined
}

/** The home and the screen of one person. Apps keep what they store there. */
export interface Desk extends AsyncDisposable {
  home: string
  environment: NodeJS.ProcessEnv
}

/** Creates a home, and a screen if the machine has none. */
export async function createDesk(): Promise<Desk> {
  const display = await startDisplay()
  const home = mkdtempSync(join(tmpdir(), 'desk é '))
  mkdirSync(join(home, '.config'))
  const { PATH, LANG = 'en_US.UTF-8' } = process.env
  return {
    home,
    environment: { ...display.environment, PATH, LANG, HOME: home, XDG_CONFIG_HOME: join(home, '.config') },
    async [Symbol.asyncDispose]() {
      await display[Symbol.asyncDispose]()
      // Chromium writes to its profile until its last process has ended. Its flags name the folder.
      const unique = home.slice(-6)
      while (processes().some(({ command }) => command.includes(unique))) await setTimeout(20)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export interface StartOptions {
  /** The program of a packaged app, or the folder of a built one. */
  app: string
  runtime: Runtime
  desk: Desk
  environment?: NodeJS.ProcessEnv
}

/** Starts an app without waiting for a window. */
export async function spawnApp({ app, runtime, desk, environment }: StartOptions): Promise<ChildProcess> {
  const flags = ['--remote-debugging-port=0', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  const [name, args] =
    runtime === 'Electron'
      ? [app, flags]
      : [join(await nodeFolder(nodeVersion), 'node'), [shim, app, ...flags]]
  return spawn(name, args, {
    env: { ...desk.environment, CHROMIUM_PATH: program('chromium'), ...environment },
    // The shim's control.ts uses it.
    stdio: ['ignore', 'pipe', 'pipe', ...(runtime === 'the shim' ? (['ipc'] as const) : [])],
  })
}

export class DesktopApp {
  readonly page: Page
  readonly child: ChildProcess
  /** What the app has done outside of its windows, as the shim tells it. */
  readonly reports: readonly Report[]
  /** The lines that the app has written to its standard error, where its log is. */
  readonly log: readonly string[]
  readonly #disconnected: Promise<unknown>

  private constructor(
    child: ChildProcess,
    browser: Browser,
    page: Page,
    reports: readonly Report[],
    log: readonly string[],
  ) {
    this.log = log
    this.child = child
    this.page = page
    this.reports = reports
    this.#disconnected = new Promise((resolve) => browser.once('disconnected', resolve))
  }

  /** Starts an app and waits for the address of its first window. */
  static async start(options: StartOptions): Promise<DesktopApp> {
    const child = await spawnApp(options)
    const reports: Report[] = []
    child.on('message', (message: Report) => reports.push(message))
    child.stdout?.resume()
    const log: string[] = []
    const browser = await chromium.connectOverCDP(await debuggerAddress(child, log))
    const [context] = browser.contexts()
    if (context === undefined) throw new Error('The app has no browser context.')
    // For a busy machine, on which a window takes long.
    context.setDefaultTimeout(60_000)
    const page = context.pages()[0] ?? (await context.waitForEvent('page'))
    await page.waitForURL(({ protocol }) => protocol !== 'about:')
    return new DesktopApp(child, browser, page, reports, log)
  }

  /** Does something outside of the page. Only the shim can. */
  command(command: Command): void {
    this.child.send(command)
  }

  get id(): number {
    return this.child.pid ?? 0
  }

  get context(): BrowserContext {
    return this.page.context()
  }

  /** Returns what the shim has reported of one kind. */
  reported(call: Report['call']): unknown[] {
    return this.reports.filter((report) => report.call === call).map(({ value }) => value)
  }

  /** Returns the app's Python processes. */
  pythons(): Process[] {
    return processes().filter(({ parent, command }) => parent === this.id && /python/.test(command))
  }

  /** Asks the app to quit, and returns its exit code. */
  async quit(): Promise<number | null> {
    return this.end('SIGTERM')
  }

  /** Ends the app with a signal, unless it has ended, and waits for it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit')
      this.child.kill(signal)
      await ended
    }
    // Chromium ends a little later.
    await this.#disconnected
    return this.child.exitCode
  }
}

export interface Process {
  id: number
  parent: number
  command: string
}

/** Whether a process runs. */
export function isAlive(id: number): boolean {
  return processes().some((candidate) => candidate.id === id)
}

/** Returns all processes, without those that have ended and whose parent doesn't know it yet. */
function processes(): Process[] {
  const flags = ['-A', '-o', 'pid=,ppid=,stat=,command=']
  const lines = execFileSync(program('ps'), flags, { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [, id, parent, state = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    if (id === undefined || state.startsWith('Z')) return []
    return [{ id: Number(id), parent: Number(parent), command }]
  })
}

/** Collects the lines of standard error, and waits for Chromium's with its address. */
async function debuggerAddress(child: ChildProcess, lines: string[]): Promise<string> {
  if (child.stderr === null) throw new Error('The app has no output.')
  const reader = createInterface(child.stderr)
  const found = new Promise<string>((resolve) => {
    reader.on('line', (line) => {
      lines.push(line)
      const [, address] = /^DevTools listening on (ws:\S+)/.exec(line) ?? []
      if (address !== undefined) resolve(address)
    })
  })
  const ended = once(child, 'exit').then(() => undefined)
  const address = await Promise.race([found, ended])
  if (address === undefined) throw new Error(`The app ended before it had a window:\n${lines.join('\n')}`)
  return address
}
