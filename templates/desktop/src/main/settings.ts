import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

const settingsSchema = z.object({
  /** Whether other programs on this machine can use the model over HTTP. */
  api: z.boolean().default(false),
  /** The port of the API; 0 for any free one. */
  apiPort: z.int().min(0).max(65_535).default(8000),
  /** The key of the API, encrypted if the system can do that. */
  apiKey: z.object({ text: z.string(), encrypted: z.boolean() }).optional(),
  /** Whether the menu bar or the system tray has an icon. */
  tray: z.boolean().default(false),
  /** Whether a global shortcut opens the quick chat. */
  quickChat: z.boolean().default(false),
  /** The shortcut, as https://www.electronjs.org/docs/latest/tutorial/keyboard-shortcuts describes it. */
  quickChatShortcut: z.string().min(1).default('CommandOrControl+Shift+Space'),
  /** The size and position of the window. */
  window: z
    .object({ x: z.int(), y: z.int(), width: z.int().positive(), height: z.int().positive() })
    .optional(),
})

export type Settings = z.output<typeof settingsSchema>

/** The settings of the app in a JSON file, which the user may edit. An unreadable file is kept as `NAME.unreadable`. */
export class SettingsFile {
  readonly path: string
  #settings: Settings

  constructor(path: string) {
    this.path = path
    this.#settings = read(path) ?? settingsSchema.parse({})
  }

  get(): Readonly<Settings> {
    return this.#settings
  }

  /** Changes settings and saves them. What the user has changed in the file meanwhile is kept. */
  change(changes: Partial<Settings>): void {
    const settings = { ...(read(this.path) ?? this.#settings), ...changes }
    mkdirSync(dirname(this.path), { recursive: true })
    const temporary = `${this.path}.${process.pid}`
    writeFileSync(temporary, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 })
    renameSync(temporary, this.path)
    this.#settings = settings
  }
}

/** Returns the settings, or undefined if there are none. Moves an unreadable file away. */
function read(path: string): Settings | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // The app was never used, or its folder can't be read: `change` then reports why.
    return undefined
  }
  try {
    return settingsSchema.parse(JSON.parse(text))
  } catch {
    renameSync(path, `${path}.unreadable`)
    return undefined
  }
}
