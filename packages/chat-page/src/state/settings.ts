import * as z from 'zod/mini'
import { Observable } from './observable.ts'

/** The fields of the settings that are numbers, with their bounds; the server has its own default for each. */
export const samplingFields = [
  {
    name: 'temperature',
    label: 'Temperature',
    minimum: 0,
    maximum: 2,
    step: 0.1,
    hint: '0 takes the likeliest word each time',
  },
  {
    name: 'topP',
    label: 'Top p',
    minimum: 0.01,
    maximum: 1,
    step: 0.01,
    hint: 'samples among the likeliest words only',
  },
  {
    name: 'maxTokens',
    label: 'Most tokens',
    minimum: 1,
    maximum: 1_048_576,
    step: 1,
    hint: 'where an answer is cut',
  },
  {
    name: 'seed',
    label: 'Seed',
    minimum: 0,
    maximum: 4_294_967_295,
    step: 1,
    hint: 'the same one gives the same answer',
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
  /** The MCP servers that were ticked. */
  mcpServers: z.optional(z.array(z.string())),
})

export type Settings = z.infer<typeof settingsSchema>

const key = 'chat-settings'
const defaults: Settings = { system: '' }

/** A number as somebody typed it; undefined for none, and for one that is out of bounds. */
export function readNumber(field: SamplingField, text: string): number | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  const whole = field.step === 1 ? Number.isInteger(value) : Number.isFinite(value)
  return whole && value >= field.minimum && value <= field.maximum ? value : undefined
}

/** The part of `localStorage` that is used here. */
export interface SettingsStorage {
  getItem(name: string): string | null
  setItem(name: string, value: string): void
}

/** The settings, kept over reloads. What can't be read is kept aside under another name. */
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
      // Storage that is full or forbidden: the settings hold until the page is closed.
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
