import * as z from 'zod/mini'
import { decimalSeparator } from '../format.ts'
import { Observable } from './observable.ts'

/** The numeric settings and their limits. The server defines the defaults. */
export const samplingFields = [
  {
    name: 'temperature',
    label: 'Temperature',
    minimum: 0,
    maximum: 2,
    step: 0.1,
    hint: '0 always picks the most likely token',
  },
  {
    name: 'topP',
    label: 'Top p',
    minimum: 0.01,
    maximum: 1,
    step: 0.01,
    hint: 'Limits sampling to the most likely tokens',
  },
  {
    name: 'maxTokens',
    label: 'Maximum tokens',
    minimum: 1,
    maximum: 1_048_576,
    step: 1,
    hint: 'Limits the length of answers',
  },
  {
    name: 'seed',
    label: 'Seed',
    minimum: 0,
    maximum: 4_294_967_295,
    step: 1,
    hint: 'The same seed gives the same answer',
  },
] as const

export type SamplingField = (typeof samplingFields)[number]

const settingsSchema = z.object({
  model: z.optional(z.string()),
  system: z.string(),
  temperature: z.optional(z.number()),
  topP: z.optional(z.number()),
  maxTokens: z.optional(z.number()),
  seed: z.optional(z.number()),
  /** The selected MCP servers. */
  mcpServers: z.optional(z.array(z.string())),
})

export type Settings = z.infer<typeof settingsSchema>

const key = 'chat-settings'
const defaults: Settings = { system: '' }

/** Parses a number as typed, with a decimal point or the separator of the language. Returns undefined if it is not in range. */
export function readNumber(field: SamplingField, text: string): number | undefined {
  const typed = text.trim().replace(decimalSeparator, '.')
  const value = typed === '' ? Number.NaN : Number(typed)
  // In some languages, 4.000 is four thousand.
  const isNumber = field.step === 1 ? /^\d+$/.test(typed) : Number.isFinite(value)
  return isNumber && value >= field.minimum && value <= field.maximum ? value : undefined
}

/** The part of `localStorage` that the settings use. */
export interface SettingsStorage {
  getItem(name: string): string | null
  setItem(name: string, value: string): void
}

/** The settings, which survive reloads. Unreadable settings are kept under another name. */
export class SettingsStore extends Observable<Settings> {
  readonly #storage: SettingsStorage

  constructor(storage: SettingsStorage) {
    super(read(storage))
    this.#storage = storage
  }

  change(change: Partial<Settings>): void {
    this.set({ ...this.get(), ...change })
    try {
      this.#storage.setItem(key, JSON.stringify(this.get()))
    } catch {
      // The storage is full or blocked, so the settings last until the page is closed.
    }
  }
}

function read(storage: SettingsStorage): Settings {
  const text = storage.getItem(key)
  if (text === null) return defaults
  try {
    return settingsSchema.parse(JSON.parse(text))
  } catch {
    storage.setItem(`${key}-unreadable`, text)
    return defaults
  }
}
