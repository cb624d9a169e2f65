import xterm from '@xterm/headless'

/** A piece of text with the same style. */
export interface Run {
  /** The column that it starts at. */
  column: number
  /** The number of columns that it takes. Wide characters take two. */
  columns: number
  text: string
  /** The number of one of the 16 terminal colours, or undefined for the default colour. */
  colour: number | undefined
  isBold: boolean
  isFaint: boolean
  isUnderlined: boolean
}

/** A line of a terminal, from left to right. */
export type Line = readonly Run[]

/** A terminal without a window, which interprets what programs write to it. */
export class Screen {
  readonly #terminal: xterm.Terminal

  constructor(columns: number, rows: number) {
    // Access to single cells is a proposed API.
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true })
  }

  write(data: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(data, resolve))
  }

  /** Returns all lines, including those scrolled out, without empty lines at the end. */
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
    // The right half of a wide character has no width.
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

/** Returns the run without surrounding blanks, or nothing if it is blank. */
function trimmed(run: Run): Run[] {
  const text = run.text.trim()
  if (text === '') return []
  const before = run.text.length - run.text.trimStart().length
  const blanks = run.text.length - text.length
  return [{ ...run, text, column: run.column + before, columns: run.columns - blanks }]
}
