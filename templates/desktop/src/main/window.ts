import { join } from 'node:path'
import {
  app,
  BrowserWindow,
  type BrowserWindowConstructorOptions,
  nativeTheme,
  type Rectangle,
  screen,
} from 'electron'
import { pageAddress } from './page-address.ts'
import type { SettingsFile } from './settings.ts'

/** The backgrounds of the page, which a window has until the page is drawn. */
const backgrounds = { light: '#ffffff', dark: '#191918' }

/** Opens a window with the page. */
export function openPage(options: BrowserWindowConstructorOptions): BrowserWindow {
  const window = new BrowserWindow({
    title: app.name,
    backgroundColor: nativeTheme.shouldUseDarkColors ? backgrounds.dark : backgrounds.light,
    ...options,
    webPreferences: {
      preload: join(import.meta.dirname, '..', 'preload', 'index.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
    },
  })
  // The page has a title of its own, which every app would share.
  window.on('page-title-updated', (event) => event.preventDefault())
  reloadAfterCrash(window)
  window.loadURL(pageAddress()).catch((error: unknown) => {
    // It also fails if the window is closed meanwhile.
    if (!window.isDestroyed()) console.error(error)
  })
  return window
}

/** Reloads the page after its process has crashed. */
function reloadAfterCrash(window: BrowserWindow): void {
  const { webContents } = window
  let isLoaded = false
  webContents.on('did-finish-load', () => {
    isLoaded = true
  })
  webContents.on('render-process-gone', (_event, { reason }) => {
    // A page that crashes before it is loaded would do so again.
    if (reason === 'clean-exit' || !isLoaded) return
    isLoaded = false
    // Some versions of Electron crash if a page is reloaded during this event: https://github.com/electron/electron/pull/51900
    setImmediate(() => {
      if (!window.isDestroyed()) webContents.reload()
    })
  })
}

/** The main window, which is opened again if it was closed. */
export class MainWindow {
  readonly #settings: SettingsFile
  readonly #onClosed: () => void
  #window: BrowserWindow | undefined

  constructor(settings: SettingsFile, onClosed: () => void) {
    this.#settings = settings
    this.#onClosed = onClosed
  }

  /** Opens the window, or brings it to the front. Returns it. */
  show(): BrowserWindow {
    if (this.#window === undefined) return this.#open()
    if (this.#window.isMinimized()) this.#window.restore()
    this.#window.show()
    this.#window.focus()
    return this.#window
  }

  #open(): BrowserWindow {
    const { window: saved } = this.#settings.get()
    const window = openPage({
      width: 1000,
      height: 760,
      ...(saved && moveOntoScreen(saved)),
      minWidth: 360,
      minHeight: 400,
    })
    window.on('close', () => this.#savePlace(window))
    window.on('closed', () => {
      this.#window = undefined
      this.#onClosed()
    })
    this.#window = window
    return window
  }

  #savePlace(window: BrowserWindow): void {
    try {
      this.#settings.change({ window: window.getNormalBounds() })
    } catch (error) {
      // The disk may be full. The place is not worth a dialog while the window closes.
      console.error(error)
    }
  }
}

/** Moves a window onto the nearest screen: the one it was on may be gone or smaller. */
function moveOntoScreen({ x, y, width, height }: Rectangle): Rectangle {
  const { workArea } = screen.getDisplayMatching({ x, y, width, height })
  const size = { width: Math.min(width, workArea.width), height: Math.min(height, workArea.height) }
  const limit = (place: number, first: number, last: number) => Math.max(first, Math.min(place, last))
  return {
    x: limit(x, workArea.x, workArea.x + workArea.width - size.width),
    y: limit(y, workArea.y, workArea.y + workArea.height - size.height),
    ...size,
  }
}
