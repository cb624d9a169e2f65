import { type BrowserWindow, globalShortcut } from 'electron'
import type { SettingsFile } from './settings.ts'
import { openPage } from './window.ts'

/** A small window that a global shortcut shows and hides, also while another app is in front. */
export class QuickChat {
  readonly #settings: SettingsFile
  /** The registered shortcut. The settings may have another one by now. */
  #shortcut: string | undefined
  #window: BrowserWindow | undefined

  constructor(settings: SettingsFile) {
    this.#settings = settings
  }

  get isOn(): boolean {
    return this.#shortcut !== undefined
  }

  /**
   * Registers the shortcut, and remembers it for the next start of the app.
   *
   * @throws Error if another app uses the shortcut, or if it is not valid.
   */
  turnOn(): void {
    if (this.isOn) return
    const { quickChatShortcut: shortcut } = this.#settings.get()
    const problem = this.#register(shortcut)
    if (problem !== undefined) {
      throw new Error(
        `${problem} Change "quickChatShortcut" in ${this.#settings.path}, and start the app again.`,
      )
    }
    this.#shortcut = shortcut
    this.#settings.change({ quickChat: true })
  }

  turnOff(): void {
    if (this.#shortcut !== undefined) globalShortcut.unregister(this.#shortcut)
    this.#shortcut = undefined
    this.#settings.change({ quickChat: false })
    this.close()
  }

  /** Registers a shortcut. Returns why that failed. */
  #register(shortcut: string): string | undefined {
    try {
      const isFree = globalShortcut.register(shortcut, () => this.toggle())
      return isFree ? undefined : `Another app already uses ${shortcut}.`
    } catch {
      // Electron can't parse it.
      return `"${shortcut}" is not a valid shortcut.`
    }
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
