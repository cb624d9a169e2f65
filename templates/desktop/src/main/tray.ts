import { app, Menu, nativeImage, Tray } from 'electron'
import colourIcon from './icons/tray.png?inline'
import templateIcon from './icons/tray-template.png?inline'
import type { SettingsFile } from './settings.ts'

export interface TrayActions {
  open: () => void
  newConversation: () => void
  quickChat: () => void
}

/** The icon in the menu bar or the system tray. */
export class AppTray {
  readonly #settings: SettingsFile
  readonly #actions: TrayActions
  #tray: Tray | undefined

  constructor(settings: SettingsFile, actions: TrayActions) {
    this.#settings = settings
    this.#actions = actions
  }

  get isOn(): boolean {
    return this.#tray !== undefined
  }

  /** Shows the icon, and remembers it for the next start of the app. */
  turnOn(): void {
    this.#tray ??= this.#create()
    this.#settings.change({ tray: true })
  }

  turnOff(): void {
    this.#tray?.destroy()
    this.#tray = undefined
    this.#settings.change({ tray: false })
  }

  #create(): Tray {
    const tray = new Tray(trayImage())
    const { open, newConversation, quickChat } = this.#actions
    tray.setToolTip(app.name)
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: `Open ${app.name}`, click: open },
        { label: 'New Conversation', click: newConversation },
        { label: 'Quick Chat', click: quickChat },
        { type: 'separator' },
        { role: 'quit' },
      ]),
    )
    return tray
  }
}

/** Returns the icon. On macOS it is a template image, which the system colours for a light or dark menu bar. */
function trayImage() {
  const isMac = process.platform === 'darwin'
  const [, base64 = ''] = (isMac ? templateIcon : colourIcon).split(',')
  const image = nativeImage.createFromBuffer(Buffer.from(base64, 'base64'), { scaleFactor: 2 })
  if (isMac) image.setTemplateImage(true)
  return image
}
