import { fstatSync, statSync } from 'node:fs'

/** Makes text stand out on a terminal. Styles carry no information: every line reads the same without them. */
export interface Style {
  strong(text: string): string
  faint(text: string): string
  /** A command to type. */
  command(text: string): string
  problem(text: string): string
}

const plain: Style = {
  strong: (text) => text,
  faint: (text) => text,
  command: (text) => text,
  problem: (text) => text,
}

/** Returns colours if the stream is a terminal, and plain text otherwise. The package for colours loads only then. */
export async function loadStyle(channel: 'stdout' | 'stderr'): Promise<Style> {
  if (!mayBeTerminal(channel === 'stdout' ? 1 : 2)) return plain
  try {
    const { colours } = await import('./colours.ts')
    return colours
  } catch {
    // This copy of the tool is incomplete, and the error about it is printed without colours.
    return plain
  }
}

/**
 * Whether an open file may be a terminal, by its type. Node's own check loads its network modules, which takes longer
 * than composing a project. /dev/null has the same type and is excluded.
 */
function mayBeTerminal(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor)
    if (!status.isCharacterDevice()) return false
    return status.rdev !== statSync('/dev/null').rdev
  } catch {
    // The stream is closed, or the system has no /dev/null: plain text is right everywhere.
    return false
  }
}
