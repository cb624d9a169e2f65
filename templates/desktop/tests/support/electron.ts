/**
 * A small stand-in for the module `electron`, for tests that run on Node. It records what the app asks of Electron, and lets a
 * test act as the page and as the user. Use it with `vi.mock('electron', () => import('./support/electron.ts'))`.
 */
import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const userData = mkdtempSync(join(tmpdir(), 'desktop-app-'))

/** Deletes the data of the app. */
export function removeUserData(): void {
  rmSync(userData, { recursive: true, force: true })
}

class App extends EventEmitter {
  readonly name = 'Test App'
  isPackaged = false
  quits = 0
  getPath = () => userData
  getAppPath = () => process.cwd()
  whenReady = async () => {}
  requestSingleInstanceLock = () => true
  getVersion = () => '1.2.3'
  /** What the about box shows. */
  about: unknown
  setAboutPanelOptions(options: unknown) {
    this.about = options
  }
  quit() {
    this.quits += 1
    this.emit('will-quit', { preventDefault: () => {} })
  }
}

export const app = new App()

/** The top frame of a page, as Electron describes the sender of a call. */
export interface Frame {
  url: string
  parent: Frame | null
}

/** A page, which receives what the main process sends. */
export class WebContents extends EventEmitter {
  readonly mainFrame: Frame
  readonly received: { channel: string; values: unknown[] }[] = []
  reloads = 0
  #windowOpenHandler: (details: { url: string }) => unknown = () => undefined
  isDestroyed = () => false

  constructor(url = 'app://page/index.html') {
    super()
    this.mainFrame = { url, parent: null }
  }

  send(channel: string, ...values: unknown[]) {
    this.received.push({ channel, values })
    this.emit('received')
  }

  reload() {
    this.reloads += 1
  }

  setWindowOpenHandler(handler: (details: { url: string }) => unknown) {
    this.#windowOpenHandler = handler
  }

  /** Acts as a link that opens a window. Returns what the app decides. */
  openWindow(url: string): unknown {
    return this.#windowOpenHandler({ url })
  }
}

export class BrowserWindow extends EventEmitter {
  static readonly all: BrowserWindow[] = []
  static getAllWindows = () => BrowserWindow.all.filter((window) => !window.isClosed)
  readonly webContents = new WebContents()
  readonly options: Record<string, unknown>
  address = ''
  isClosed = false
  focusCount = 0
  #isVisible = true

  constructor(options: Record<string, unknown>) {
    super()
    this.options = options
    BrowserWindow.all.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }

  async loadURL(address: string) {
    this.address = address
  }

  show() {
    this.#isVisible = true
  }

  hide() {
    this.#isVisible = false
  }

  focus() {
    this.focusCount += 1
  }

  close() {
    this.emit('close')
    this.isClosed = true
    const isLast = BrowserWindow.getAllWindows().length === 0
    this.emit('closed')
    if (isLast) app.emit('window-all-closed')
  }

  isDestroyed = () => this.isClosed
  isVisible = () => this.#isVisible
  isFocused = () => this.#isVisible
  isMinimized = () => false
  getNormalBounds = () => ({ x: 1, y: 2, width: 800, height: 600 })
}

type Handler = (event: unknown, ...values: unknown[]) => unknown

class IpcMain extends EventEmitter {
  readonly #handlers = new Map<string, Handler>()

  handle(channel: string, handler: Handler) {
    this.#handlers.set(channel, handler)
  }

  /** Acts as `ipcRenderer.invoke` in a frame of a page. */
  async invoke(
    sender: WebContents,
    channel: string,
    values: unknown[],
    frame: Frame | null = sender.mainFrame,
  ) {
    const handler = this.#handlers.get(channel)
    if (handler === undefined) throw new Error(`There is no handler for ${channel}.`)
    return await handler({ sender, senderFrame: frame }, ...values)
  }
}

export const ipcMain = new IpcMain()

/** The dialogs that were shown, and the button that the user clicks in the next ones. */
export const dialog = {
  shown: [] as { message: string; detail?: string }[],
  response: 0,
  async showMessageBox(options: { message: string; detail?: string }) {
    dialog.shown.push(options)
    return { response: dialog.response }
  },
}

export const shell = {
  opened: [] as string[],
  shown: [] as string[],
  showItemInFolder: (path: string) => void shell.shown.push(path),
  hasBrowser: true,
  async openExternal(address: string) {
    if (!shell.hasBrowser) throw new Error('There is no browser.')
    shell.opened.push(address)
  },
}

type PermissionRequestHandler = (
  contents: unknown,
  permission: string,
  callback: (isGranted: boolean) => void,
) => void

/** The handlers that decide about permissions. */
export const permissions = {
  request: undefined as PermissionRequestHandler | undefined,
  check: undefined as (() => boolean) | undefined,
  device: undefined as (() => boolean) | undefined,
}

export const session = {
  defaultSession: {
    setPermissionRequestHandler(handler: PermissionRequestHandler) {
      permissions.request = handler
    },
    setPermissionCheckHandler(handler: () => boolean) {
      permissions.check = handler
    },
    setDevicePermissionHandler(handler: () => boolean) {
      permissions.device = handler
    },
  },
}

export const protocol = {
  registerSchemesAsPrivileged() {},
  handle() {},
}

/** A keychain that only reverses texts. */
export const safeStorage = {
  isEncryptionAvailable: () => true,
  encryptString: (text: string) => Buffer.from([...text].reverse().join('')),
  decryptString: (bytes: Buffer) => [...bytes.toString()].reverse().join(''),
}

export const clipboard = {
  text: '',
  writeText(text: string) {
    clipboard.text = text
  },
}

export const globalShortcut = {
  registered: new Map<string, () => void>(),
  isTaken: false,
  register(shortcut: string, action: () => void) {
    if (!shortcut.includes('+')) throw new TypeError(`conversion failure from ${shortcut}`)
    if (!globalShortcut.isTaken) globalShortcut.registered.set(shortcut, action)
    return !globalShortcut.isTaken
  },
  unregister: (shortcut: string) => void globalShortcut.registered.delete(shortcut),
}

interface MenuItem {
  label?: string
  role?: string
  checked?: boolean
  enabled?: boolean
  click?: () => void
  submenu?: MenuItem[]
}

export const Menu = {
  items: [] as MenuItem[],
  buildFromTemplate: (items: MenuItem[]) => items,
  setApplicationMenu(items: MenuItem[]) {
    Menu.items = items
  },
}

/** Returns an item of the menu by its label. */
export function menuItem(label: string): MenuItem {
  const item = Menu.items
    .flatMap(({ submenu = [] }) => submenu)
    .find((candidate) => candidate.label === label)
  if (item === undefined) throw new Error(`The menu has no ${label}.`)
  return item
}

export class Tray {
  static shown = 0
  constructor() {
    Tray.shown += 1
  }
  setToolTip() {}
  setContextMenu() {}
  destroy() {
    Tray.shown -= 1
  }
}

export const nativeImage = { createFromBuffer: () => ({ setTemplateImage() {} }) }

export const nativeTheme = { shouldUseDarkColors: false }

/** The only screen. */
export const screen = {
  getDisplayMatching: () => ({ workArea: { x: 0, y: 25, width: 1920, height: 1055 } }),
}
