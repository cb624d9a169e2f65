/** `app`: paths, the single instance, and the life of the app. */
import { EventEmitter } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Chromium } from './chromium.ts'
import { report } from './control.ts'
import { preventable } from './preventable.ts'
import { closeRegistration } from './schemes.ts'

/** The packaged or built app that the shim runs. */
export interface RunningApp {
  folder: string
  name: string
  version: string
  isPackaged: boolean
}

/** What `app` needs of the windows, to close them. */
export interface ClosableWindow {
  readonly gone: Promise<void>
  requestClose(): boolean
}

const lockName = 'shim-instance'

class App extends EventEmitter {
  isPackaged = false
  name = ''
  /** Set once the app is ready. */
  chromium: Promise<Chromium> | undefined
  windows: () => readonly ClosableWindow[] = () => []
  isQuitting = false
  readonly commandLine = {
    appendSwitch: (name: string, value?: string): void =>
      void this.#switches.push(value === undefined ? `--${name}` : `--${name}=${value}`),
    hasSwitch: (name: string): boolean => process.argv.some((flag) => flag.split('=')[0] === `--${name}`),
  }
  readonly #paths = new Map<string, string>()
  readonly #switches: string[] = []
  #folder = ''
  #version = ''
  #hasLock = false
  #ready: Promise<void> | undefined
  #isReady = false

  /** Takes over what package.json says, before the app's own code runs. */
  describe({ folder, name, version, isPackaged }: RunningApp): void {
    this.#folder = folder
    this.#version = version
    this.name = name
    this.isPackaged = isPackaged
  }

  whenReady(): Promise<void> {
    this.#ready ??= this.#start()
    return this.#ready
  }

  isReady(): boolean {
    return this.#isReady
  }

  getPath(name: string): string {
    const set = this.#paths.get(name)
    if (set !== undefined) return set
    const home = homedir()
    const appData = process.env.XDG_CONFIG_HOME ?? join(home, '.config')
    const userData = join(this.#paths.get('appData') ?? appData, this.name)
    const paths: Readonly<Record<string, string>> = {
      home,
      appData,
      userData,
      sessionData: this.#paths.get('userData') ?? userData,
      logs: join(this.#paths.get('userData') ?? userData, 'logs'),
      temp: tmpdir(),
      exe: process.execPath,
      documents: join(home, 'Documents'),
      downloads: join(home, 'Downloads'),
    }
    const path = paths[name]
    if (path === undefined) throw new Error(`The shim has no path ${name}.`)
    return path
  }

  setPath(name: string, path: string): void {
    this.#paths.set(name, path)
  }

  getAppPath = (): string => this.#folder
  getVersion = (): string => this.#version
  getName = (): string => this.name
  getLocale = (): string => Intl.DateTimeFormat().resolvedOptions().locale
  getSystemLocale = (): string => this.getLocale()
  getPreferredSystemLanguages = (): string[] => [this.getLocale()]

  setName(name: string): void {
    this.name = name
  }

  /** Only tells the test: these belong to the system's own interface. */
  setAboutPanelOptions(_options: unknown): void {}
  showAboutPanel(): void {
    report('dialog', 'about')
  }
  focus(): void {
    report('focus', 'app')
  }

  /** The shim's Chromium has no sandbox for root, and no taskbar. */
  enableSandbox(): void {}
  setAppUserModelId(_id: string): void {}

  /** The lock is a file with the process ID. A second instance leaves a message beside it and sends SIGUSR2. */
  requestSingleInstanceLock(): boolean {
    if (this.#hasLock) return true
    const folder = this.getPath('userData')
    mkdirSync(folder, { recursive: true })
    const holder = Number(readIfThere(join(folder, lockName)))
    if (holder > 0 && isRunning(holder)) {
      const message = { argv: process.argv, cwd: process.cwd() }
      writeFileSync(join(folder, `${lockName}-${process.pid}`), JSON.stringify(message))
      process.kill(holder, 'SIGUSR2')
      return false
    }
    process.on('SIGUSR2', () => this.#readSecondInstances(folder))
    writeFileSync(join(folder, lockName), String(process.pid))
    this.#hasLock = true
    return true
  }

  quit(): void {
    const before = preventable()
    this.emit('before-quit', before)
    if (before.defaultPrevented) return
    const windows = this.windows()
    this.isQuitting = windows.every((window) => window.requestClose())
    if (!this.isQuitting) return
    void Promise.all(windows.map(({ gone }) => gone)).then(() => {
      const will = preventable()
      this.emit('will-quit', will)
      if (!will.defaultPrevented) this.exit()
    })
  }

  exit(code = 0): void {
    this.emit('quit', {}, code)
    // Chromium writes the page's storage before it ends.
    const closed = this.chromium?.then(async (chromium) => {
      // It may have ended already.
      await chromium.browser.send('Browser.close').catch(() => {})
      await chromium.ended
    })
    void Promise.resolve(closed).finally(() => {
      if (this.#hasLock) rmSync(join(this.getPath('userData'), lockName), { force: true })
      process.exit(code)
    })
  }

  async #start(): Promise<void> {
    // The rest of the main script runs before the app is ready.
    await setImmediate()
    closeRegistration()
    this.chromium = Promise.resolve(
      new Chromium([
        ...this.#switches,
        `--user-data-dir=${this.getPath('sessionData')}`,
        ...['--no-startup-window', '--keep-alive-for-test', '--no-first-run', '--block-new-web-contents'],
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        ...process.argv.slice(1).filter((flag) => flag.startsWith('--')),
      ]),
    )
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => this.quit())
    const { browser, ended } = await this.chromium
    void ended.then(() => this.exit())
    await browser.send('Target.setDiscoverTargets', { discover: true })
    this.#isReady = true
    this.emit('ready', {}, {})
  }

  #readSecondInstances(folder: string): void {
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(`${lockName}-`)) continue
      const { argv, cwd } = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      rmSync(join(folder, name))
      this.emit('second-instance', {}, argv, cwd, null)
    }
  }
}

export const app = new App()

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // There is no other instance.
    return ''
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    // ESRCH: the process has ended.
    return false
  }
}
