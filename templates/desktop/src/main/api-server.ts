import { clipboard, dialog, safeStorage } from 'electron'
import type { ListeningServer } from 'mlx-app-server'
import type { DesktopEngine } from './engine.ts'
import type { SettingsFile } from './settings.ts'

/** The name of the app's key in the keys file. */
const keyName = 'desktop'

/** The address and the key that other programs on this machine need. */
interface ApiAccess {
  url: string
  key: string
}

/** The API for other programs. It is off until the user turns it on, and uses the engine of the app. */
export class ApiServer {
  readonly #engine: Promise<DesktopEngine>
  readonly #settings: SettingsFile
  #server: ListeningServer | undefined
  #access: ApiAccess | undefined

  constructor(engine: Promise<DesktopEngine>, settings: SettingsFile) {
    this.#engine = engine
    this.#settings = settings
  }

  /** The address and the key, or undefined while the API is off. */
  get access(): ApiAccess | undefined {
    return this.#access
  }

  /**
   * Starts listening, and remembers it for the next start of the app.
   *
   * @throws StartError if the port is in use.
   */
  async turnOn(): Promise<void> {
    if (this.#server !== undefined) return
    const engine = await this.#engine
    const key = await this.#key(engine.services.keys)
    this.#server = await engine.listen(this.#settings.get().apiPort)
    this.#access = { url: this.#server.url, key }
    this.#settings.change({ api: true })
  }

  /** Stops listening, also if that can't be saved. Requests that are running get their answer. */
  async turnOff(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#access = undefined
    try {
      this.#settings.change({ api: false })
    } finally {
      await server?.close()
    }
  }

  /** Shows the address and the key. */
  async showAccess(): Promise<void> {
    if (this.#access === undefined) return
    const { url, key } = this.#access
    const { response } = await dialog.showMessageBox({
      message: 'Other programs on this machine can use the model.',
      detail: `Address: ${url}/v1\nKey: ${key}`,
      buttons: ['Copy Key', 'Copy Address', 'Close'],
      defaultId: 2,
      cancelId: 2,
    })
    if (response === 0) clipboard.writeText(key)
    if (response === 1) clipboard.writeText(`${url}/v1`)
  }

  /** Returns the key of the last time, or a new one if the keys file does not have it. */
  async #key(keys: DesktopEngine['services']['keys']): Promise<string> {
    const stored = this.#storedKey()
    if (stored !== undefined && keys.findName(stored) === keyName) return stored
    const key = await keys.renew(keyName)
    const encrypted = safeStorage.isEncryptionAvailable()
    const text = encrypted ? safeStorage.encryptString(key).toString('base64') : key
    this.#settings.change({ apiKey: { text, encrypted } })
    return key
  }

  #storedKey(): string | undefined {
    const { apiKey } = this.#settings.get()
    if (apiKey === undefined || !apiKey.encrypted) return apiKey?.text
    try {
      return safeStorage.decryptString(Buffer.from(apiKey.text, 'base64'))
    } catch {
      // The keychain of the system has changed, so there will be a new key.
      return undefined
    }
  }
}
