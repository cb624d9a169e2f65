/**
 * The wires between the shim and a test, for what a person sees and does outside of the page: native menus, dialogs and the
 * focus. They are Node's own messages between processes.
 */
import { z } from 'zod'

/** What a test asks for. */
export const commandSchema = z.union([
  /** Clicks an item of the menu of the app or of its tray icon, by its labels. */
  z.object({ click: z.array(z.string()), of: z.enum(['app', 'tray']) }),
  /** Presses a global shortcut. */
  z.object({ press: z.string() }),
  /** Answers the next message box with one of its buttons. */
  z.object({ answer: z.string() }),
])

export type Command = z.infer<typeof commandSchema>

/** What the shim tells a test. */
export interface Report {
  call: 'dialog' | 'focus' | 'openExternal' | 'showItemInFolder' | 'copy' | 'refused'
  value: unknown
}

/** Tells the test, if there is one. */
export function report(call: Report['call'], value: unknown): void {
  process.send?.({ call, value: value ?? null } satisfies Report)
}

/** Calls back with each command. */
export function onCommand(run: (command: Command) => void): void {
  process.on('message', (message) => run(commandSchema.parse(message)))
  // The test doesn't keep the app alive.
  process.channel?.unref()
}
