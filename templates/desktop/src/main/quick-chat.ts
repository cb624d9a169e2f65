import { type BrowserWindow, globalShortcut } from 'electron'
import type { SettingsFile } from './settings.ts'
import { openPage } from './window.ts'

/** A small window that a global shortcut shows and hides, also while another app is in front. */
export class QuickChat {
  readonly #settings: SettingsFile
  #window: BrowserWindow | undefined

  constructor(settings: SettingsFile) {
    this.#settings = settings
  }

  get isOn(): boolean {
    return globalShortcut.isRegistered(this.#settings.get().quickChatShortcut)
  }

  /**
   * Registers the shortcut, and remembers it for the next start of the app.
   *
   * @throws Error if another app uses the shortcut.
   */
  turnOn(): void {
    const { quickChatShortcut: shortcut } = this.#settings.get()
    if (!globalShortcut.register(shortcut, () => this.toggle()))
      throw new Error(
        `Another app already uses ${shortcut}. Choose another "quickChatShortcut" in settings.json.`,
      )
    this.#settings.change({ quickChat: true })
  }

  turnOff(): void {
    globalShortcut.unregister(this.#settings.get().quickChatShortcut)
    this.#settings.change({ quickChat: false })
    this.close()
  }

  close(): void {
    this.#window?.close()
  }

  /** Shows the window, or hides it if it is in front. */
  toggle(): void {
    if (this.#window?.isFocused()) this.#window.hide()
    else this.show()
  }

  show(): void {
    this.#window ??= this.#open()
    this.#window.show()
    this.#window.focus()
  }

  #open(): BrowserWindow {
    const window = openPage({
      width: 440,
      height: 600,
      alwaysOnTop: true,
      skipTaskbar: true,
      fullscreenable: false,
      minimizable: false,
    })
    window.on('blur', () => window.hide())
    window.on('closed', () => {
      this.#window = undefined
    })
    return window
  }
}
