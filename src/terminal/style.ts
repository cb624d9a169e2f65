import { fstatSync, statSync } from 'node:fs'

/** How text stands out on a terminal. No information is in it: without colours every line says the same. */
export interface Style {
  strong(text: string): string
  faint(text: string): string
  /** Something to type. */
  command(text: string): string
  problem(text: string): string
}

const plain: Style = {
  strong: (text) => text,
  faint: (text) => text,
  command: (text) => text,
  problem: (text) => text,
}

/** Colours where a person looks and has not asked for none (NO_COLOR); their package loads only then. */
export async function styleFor(channel: 'stdout' | 'stderr'): Promise<Style> {
  if (!isTerminal(channel === 'stdout' ? 1 : 2)) return plain
  try {
    const { colours } = await import('./colours.ts')
    return colours
  } catch {
    // Half a copy of this tool: what is missing is told without colours.
    return plain
  }
}

/**
 * Whether an open file may be a terminal. Node's own check loads its network modules, which takes longer than
 * to compose a project; so this looks at what kind of file it is. /dev/null is of that kind too.
 */
function isTerminal(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor)
    if (!status.isCharacterDevice()) return false
    return status.rdev !== statSync('/dev/null').rdev
  } catch {
    // Closed, or a system without /dev/null: plain text is right everywhere.
    return false
  }
}
