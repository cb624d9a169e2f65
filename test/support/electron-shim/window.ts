/** `BrowserWindow`: a window of Chromium. It is visible from the start, because Chromium can't hide one. */
import { EventEmitter } from 'node:events'
import { app } from './app.ts'
import type { Chromium } from './chromium.ts'
import { report } from './control.ts'
import { preventable } from './preventable.ts'
import { WebContents } from './web-contents.ts'

interface WindowOptions {
  width?: number
  height?: number
  title?: string
  show?: boolean
  webPreferences?: Record<string, unknown> & { preload?: string }
}

const insecure: Readonly<Record<string, boolean>> = {
  nodeIntegration: true,
  nodeIntegrationInSubFrames: true,
  nodeIntegrationInWorker: true,
  contextIsolation: false,
  sandbox: false,
  webSecurity: false,
  allowRunningInsecureContent: true,
  webviewTag: true,
}

const windows: BrowserWindow[] = []

export class BrowserWindow extends EventEmitter {
  static getAllWindows = (): BrowserWindow[] => [...windows]
  static getFocusedWindow = (): BrowserWindow | null => windows.find((window) => window.#isFocused) ?? null
  static fromWebContents = (contents: WebContents): BrowserWindow | null =>
    windows.find((window) => window.webContents === contents) ?? null

  readonly id: number
  readonly webContents: WebContents
  /** Ends when the window is closed. */
  readonly gone: Promise<void>
  #title: string
  #isVisible: boolean
  #isFocused = false
  #isMinimized = false
  #isDestroyed = false
  #bounds: { x: number; y: number; width: number; height: number }

  constructor({
    width = 800,
    height = 600,
    title = '',
    show = true,
    webPreferences = {},
  }: WindowOptions = {}) {
    super()
    for (const [name, value] of Object.entries(insecure)) {
      if (webPreferences[name] === value) throw new Error(`The shim refuses ${name}: ${value}.`)
    }
    if (app.chromium === undefined) throw new Error('Cannot create BrowserWindow before app is ready')
    this.#title = title
    this.#isVisible = show
    this.#bounds = { x: 0, y: 0, width, height }
    const opening = app.chromium.then(async (chromium) => {
      const { targetId } = await chromium.browser.send('Target.createTarget', {
        ...{ url: 'about:blank', newWindow: true, width, height },
      })
      chromium.browser.on('Target.targetDestroyed', (gone) => {
        if (gone.targetId === targetId) this.#closed()
      })
      return { chromium, targetId }
    })
    this.webContents = new WebContents(opening, webPreferences.preload)
    this.id = this.webContents.id
    this.gone = new Promise((resolve) => this.once('closed', () => resolve()))
    this.webContents.once('did-finish-load', () => this.emit('ready-to-show'))
    windows.push(this)
    app.emit('browser-window-created', {}, this)
    app.emit('web-contents-created', {}, this.webContents)
  }

  async loadURL(url: string): Promise<void> {
    await this.webContents.loadURL(url)
  }

  show(): void {
    this.#isVisible = true
    this.emit('show')
    this.focus()
  }

  hide(): void {
    this.#isVisible = false
    this.blur()
    this.emit('hide')
  }

  focus(): void {
    for (const other of windows) if (other !== this) other.blur()
    this.#isFocused = true
    report('focus', this.webContents.getURL())
    this.emit('focus')
    app.emit('browser-window-focus', {}, this)
  }

  blur(): void {
    if (!this.#isFocused) return
    this.#isFocused = false
    this.emit('blur')
  }

  minimize(): void {
    this.#isMinimized = true
    this.emit('minimize')
  }

  restore(): void {
    this.#isMinimized = false
    this.emit('restore')
  }

  close(): void {
    this.requestClose()
  }

  destroy(): void {
    void this.#closeTarget()
  }

  /** Closes the window unless a listener prevents it. Returns whether it closes. */
  requestClose(): boolean {
    const event = preventable()
    this.emit('close', event)
    if (!event.defaultPrevented) void this.#closeTarget()
    return !event.defaultPrevented
  }

  isVisible = (): boolean => this.#isVisible
  isFocused = (): boolean => this.#isFocused
  isMinimized = (): boolean => this.#isMinimized
  isDestroyed = (): boolean => this.#isDestroyed
  isMaximized = (): boolean => false
  isFullScreen = (): boolean => false
  getTitle = (): string => this.#title
  getBounds = () => ({ ...this.#bounds })
  getNormalBounds = () => ({ ...this.#bounds })

  setTitle(title: string): void {
    this.#title = title
  }

  setBounds(bounds: Partial<{ x: number; y: number; width: number; height: number }>): void {
    this.#bounds = { ...this.#bounds, ...bounds }
  }

  /** These have no meaning without a window manager. */
  setMenuBarVisibility(_visible: boolean): void {}
  setAlwaysOnTop(_onTop: boolean): void {}
  setVisibleOnAllWorkspaces(_visible: boolean): void {}
  setBackgroundColor(_color: string): void {}
  center(): void {}

  async #closeTarget(): Promise<void> {
    const chromium: Chromium | undefined = await app.chromium
    const { targetId } = await this.webContents.opened
    // It may be closed already.
    await chromium?.browser.send('Target.closeTarget', { targetId }).catch(() => {})
  }

  #closed(): void {
    this.#isDestroyed = true
    windows.splice(windows.indexOf(this), 1)
    this.webContents.destroyed()
    this.emit('closed')
    if (windows.length > 0 || app.isQuitting) return
    if (app.listenerCount('window-all-closed') === 0) app.quit()
    else app.emit('window-all-closed')
  }
}

app.windows = () => [...windows]
