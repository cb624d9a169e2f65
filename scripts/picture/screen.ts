import xterm from '@xterm/headless'

/** Text of one look. */
export interface Run {
  /** Column that it begins at. */
  column: number
  /** Columns that it takes: more than characters where some are wide. */
  columns: number
  text: string
  /** Number of a colour of the palette of 16; undefined for the usual one. */
  colour: number | undefined
  isBold: boolean
  isFaint: boolean
  isUnderlined: boolean
}

/** A line of a terminal, from left to right. */
export type Line = readonly Run[]

/** A terminal that nobody sees: what programs write to it moves its cursor and changes its lines as in a real one. */
export class Screen {
  readonly #terminal: xterm.Terminal

  constructor(columns: number, rows: number) {
    // The part of its interface that tells of single characters is marked as proposed.
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true })
  }

  write(data: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(data, resolve))
  }

  /** All that is to be seen, scrolled lines included, without the empty ones at the end. */
  lines(): Line[] {
    const buffer = this.#terminal.buffer.active
    const lines = Array.from({ length: buffer.length }, (_, row) => runsOf(buffer.getLine(row)))
    return lines.slice(0, lines.findLastIndex((line) => line.length > 0) + 1)
  }
}

function runsOf(line: xterm.IBufferLine | undefined): Line {
  const runs: Run[] = []
  for (let column = 0; column < (line?.length ?? 0); column++) {
    const cell = line?.getCell(column)
    // The right half of a wide character has no width of its own.
    if (cell === undefined || cell.getWidth() === 0) continue
    const run = runOf(cell, column)
    const last = runs.at(-1)
    if (last !== undefined && looksAlike(last, run)) {
      last.text += run.text
      last.columns += run.columns
    } else {
      runs.push(run)
    }
  }
  return runs.flatMap(trimmed)
}

function runOf(cell: xterm.IBufferCell, column: number): Run {
  return {
    column,
    columns: cell.getWidth(),
    text: cell.getChars() || ' ',
    colour: cell.isFgPalette() ? cell.getFgColor() : undefined,
    isBold: cell.isBold() !== 0,
    isFaint: cell.isDim() !== 0,
    isUnderlined: cell.isUnderline() !== 0,
  }
}

function looksAlike(one: Run, other: Run): boolean {
  return (
    one.colour === other.colour &&
    one.isBold === other.isBold &&
    one.isFaint === other.isFaint &&
    one.isUnderlined === other.isUnderlined
  )
}

/** Without blanks around it; nothing where it is blank. */
function trimmed(run: Run): Run[] {
  const text = run.text.trim()
  if (text === '') return []
  const before = run.text.length - run.text.trimStart().length
  const blanks = run.text.length - text.length
  return [{ ...run, text, column: run.column + before, columns: run.columns - blanks }]
}
