/** What belongs to the system: menus, the tray, dialogs, shortcuts, the clipboard. Tests see and use them through `control.ts`. */
import { EventEmitter } from 'node:events'
import { app } from './app.ts'
import { type Command, onCommand, report } from './control.ts'

interface MenuItemOptions {
  label?: string
  id?: string
  role?: string
  type?: string
  checked?: boolean
  enabled?: boolean
  submenu?: readonly MenuItemOptions[] | Menu
  click?: (item: MenuItem, window: undefined, event: object) => void
}

export class MenuItem {
  label: string
  id: string | undefined
  role: string | undefined
  type: string
  checked: boolean
  enabled: boolean
  submenu: Menu | undefined
  readonly #click: MenuItemOptions['click']

  constructor(options: MenuItemOptions) {
    const { label, id, role, type = 'normal', checked = false, enabled = true, submenu, click } = options
    this.label = label ?? role ?? ''
    this.id = id
    this.role = role
    this.type = type
    this.checked = checked
    this.enabled = enabled
    this.submenu =
      submenu === undefined || submenu instanceof Menu ? submenu : Menu.buildFromTemplate(submenu)
    this.#click = click
  }

  click(): void {
    if (!this.enabled) throw new Error(`"${this.label}" is disabled.`)
    if (this.type === 'checkbox') this.checked = !this.checked
    if (this.role === 'quit') app.quit()
    this.#click?.(this, undefined, {})
  }
}

export class Menu extends EventEmitter {
  static #ofApp: Menu | null = null
  static setApplicationMenu(menu: Menu | null): void {
    Menu.#ofApp = menu
  }
  static getApplicationMenu = (): Menu | null => Menu.#ofApp

  static buildFromTemplate(template: readonly (MenuItemOptions | MenuItem)[]): Menu {
    const menu = new Menu()
    for (const entry of template) menu.append(entry instanceof MenuItem ? entry : new MenuItem(entry))
    return menu
  }

  readonly items: MenuItem[] = []

  append(item: MenuItem): void {
    this.items.push(item)
  }

  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id)
      if (found) return found
    }
    return null
  }

  /** Context menus are never shown. */
  popup(): void {}

  /** Returns the item with these labels. @throws Error with the labels there are. */
  find([label, ...rest]: readonly string[]): MenuItem {
    const item = this.items.find((candidate) => candidate.label === label)
    if (item === undefined)
      throw new Error(`No item "${label}" in: ${this.items.map((candidate) => candidate.label).join(', ')}`)
    return rest.length === 0 || item.submenu === undefined ? item : item.submenu.find(rest)
  }
}

export class Tray extends EventEmitter {
  static shown: Tray | undefined
  menu: Menu | undefined

  constructor(_image: unknown) {
    super()
    Tray.shown = this
  }

  setContextMenu(menu: Menu): void {
    this.menu = menu
  }
  setToolTip(_text: string): void {}
  destroy(): void {
    Tray.shown = undefined
  }
  isDestroyed = (): boolean => Tray.shown !== this
}

interface MessageBoxOptions {
  message: string
  detail?: string
  buttons?: readonly string[]
  cancelId?: number
  defaultId?: number
}

const answers: string[] = []

export const dialog = {
  /** Presses the button that the test has named, or else the one that cancels. */
  async showMessageBox(...args: readonly unknown[]) {
    const { message, detail, buttons = ['OK'], cancelId = 0 } = args.at(-1) as MessageBoxOptions
    report('dialog', { message, detail, buttons })
    const named = buttons.indexOf(answers.shift() ?? '')
    return { response: named < 0 ? cancelId : named, checkboxChecked: false }
  },
  showErrorBox: (title: string, content: string): void =>
    report('dialog', { message: title, detail: content }),
}

const shortcuts = new Map<string, () => void>()

export const globalShortcut = {
  register(accelerator: string, callback: () => void): boolean {
    shortcuts.set(accelerator, callback)
    return true
  },
  unregister: (accelerator: string): void => void shortcuts.delete(accelerator),
  unregisterAll: (): void => shortcuts.clear(),
  isRegistered: (accelerator: string): boolean => shortcuts.has(accelerator),
}

let copied = ''

export const clipboard = {
  writeText(text: string): void {
    copied = text
    report('copy', text)
  },
  readText: (): string => copied,
}

/** There is no keychain, so apps store their secrets as they do on such a system. */
export const safeStorage = { isEncryptionAvailable: () => false }

export const shell = {
  openExternal: async (url: string): Promise<void> => report('openExternal', url),
  showItemInFolder: (path: string): void => report('showItemInFolder', path),
}

export const nativeTheme = Object.assign(new EventEmitter(), {
  shouldUseDarkColors: false,
  themeSource: 'system',
})

/** The only screen. It is as large as the one of display.ts. */
const display = {
  id: 1,
  scaleFactor: 1,
  bounds: { x: 0, y: 0, width: 1280, height: 800 },
  workArea: { x: 0, y: 0, width: 1280, height: 800 },
}

export const screen = Object.assign(new EventEmitter(), {
  getAllDisplays: () => [display],
  getPrimaryDisplay: () => display,
  getDisplayMatching: (_bounds: object) => display,
  getDisplayNearestPoint: (_point: object) => display,
})

const image = { isEmpty: () => false, resize: () => image, setTemplateImage: (_isTemplate: boolean) => {} }

export const nativeImage = {
  createFromPath: (_path: string) => image,
  createFromBuffer: (_bytes: Uint8Array) => image,
  createFromDataURL: (_url: string) => image,
  createEmpty: () => image,
}

onCommand((command: Command) => {
  if ('answer' in command) answers.push(command.answer)
  else if ('press' in command) shortcuts.get(command.press)?.()
  else {
    const menu = command.of === 'app' ? Menu.getApplicationMenu() : Tray.shown?.menu
    if (!menu) throw new Error(`There is no menu of the ${command.of}.`)
    menu.find(command.click).click()
  }
})
