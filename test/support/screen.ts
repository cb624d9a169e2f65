/** What a terminal shows. Only the control sequences that the tool's prompts use are supported. */
export interface Screen {
  /** The lines without trailing blanks. */
  lines: string[]
  /** The words that were broken at the edge of the terminal. */
  broken: string[]
}

/** Returns what an empty terminal with this many columns and rows shows after the output. */
export function screenOf(written: string, columns: number, rows: number): Screen {
  const cells: string[][] = [[]]
  const broken: string[] = []
  let [row, column] = [0, 0]
  let saved = [0, 0]

  const lineAt = (index: number): string[] => {
    while (cells.length <= index) cells.push([])
    return cells[index] ?? []
  }
  /** The number of lines that have scrolled out, which the cursor can't reach. */
  const top = (): number => Math.max(0, cells.length - rows)
  const put = (character: string): void => {
    if (column === columns) {
      const before = lineAt(row)[columns - 1] ?? ' '
      if (before !== ' ' && character !== ' ') broken.push(lineAt(row).join('') + character)
      row++
      column = 0
    }
    const line = lineAt(row)
    while (line.length < column) line.push(' ')
    line[column++] = character
  }
  const controls: Readonly<Record<string, (count: number) => void>> = {
    A: (count) => {
      row = Math.max(top(), row - count)
    },
    B: (count) => {
      row = Math.min(Math.max(cells.length - 1, rows - 1), row + count)
    },
    C: (count) => {
      column = Math.min(columns - 1, column + count)
    },
    D: (count) => {
      column = Math.max(0, Math.min(column, columns - 1) - count)
    },
    G: (count) => {
      column = count - 1
    },
    K: (count) => lineAt(row).splice(count === 2 ? 0 : column),
    J: () => {
      lineAt(row).splice(column)
      cells.splice(row + 1)
    },
  }

  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls begin with one
  for (const [token, digits, name] of written.matchAll(/\u001b\[\??([\d;]*)([A-Za-z])|\u001b.|[\s\S]/gu)) {
    if (name !== undefined) controls[name]?.(digits === '' ? defaultOf(name) : Number(digits))
    else if (token === '\u001b7') saved = [row, column]
    else if (token === '\u001b8') [row = 0, column = 0] = saved
    else if (token === '\r') column = 0
    else if (token === '\n') lineAt(++row)
    else if (token >= ' ') put(token)
  }
  return { lines: cells.map((line) => line.join('').trimEnd()), broken }
}

/** Returns the default number of a control sequence: 0 for erasing, which means from the cursor on, and 1 otherwise. */
function defaultOf(name: string): number {
  return name === 'K' || name === 'J' ? 0 : 1
}
