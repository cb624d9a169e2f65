import type { Line, Run } from './screen.ts'

/** Sizes in pixels of the unscaled picture. */
const characterWidth = 8
const lineHeight = 18
const fontSize = 13
const margin = 16
const titleBar = 30

/** Monospace fonts of macOS, Windows and Linux. */
const fonts = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace'

/** The 16 terminal colours. All except black have a contrast of at least 4.5 to the background. */
const palette = [
  ...['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#d2a8ff', '#39c5cf', '#c9d1d9'],
  ...['#8b949e', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#e2c5ff', '#56d4dd', '#f0f6fc'],
]

const background = '#0d1117'
const foreground = '#d7dde4'
const faint = '#9aa4af'

/**
 * Draws a terminal as an SVG with text that can be selected and searched. It has its own background, so that it is legible on
 * light and dark pages.
 *
 * @param title the text for screen readers.
 */
export function drawTerminal(lines: readonly Line[], title: string): string {
  const columns = Math.max(...lines.flatMap((line) => line.map((run) => run.column + run.columns)))
  const width = columns * characterWidth + 2 * margin
  const height = titleBar + lines.length * lineHeight + margin
  const texts = lines.flatMap((line, row) => line.map((run) => drawRun(run, row)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${background}" stroke="#57606a"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (colour, index) => `<circle cx="${margin + 4 + index * 18}" cy="16" r="5" fill="${colour}"/>`,
    ),
    `<g font-family='${fonts}' font-size="${fontSize}" fill="${foreground}" xml:space="preserve">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function drawRun(run: Run, row: number): string {
  const x = margin + run.column * characterWidth
  const y = titleBar + row * lineHeight + fontSize
  const look = [
    ...(run.colour === undefined ? [] : [`fill="${palette[run.colour] ?? foreground}"`]),
    ...(run.isFaint && run.colour === undefined ? [`fill="${faint}"`] : []),
    ...(run.isBold ? ['font-weight="bold"'] : []),
    ...(run.isUnderlined ? ['text-decoration="underline"'] : []),
  ]
  // Each run has the same width as in the terminal, regardless of the font.
  const place = `x="${x}" y="${y}" textLength="${run.columns * characterWidth}"`
  return `<text ${[place, ...look].join(' ')}>${escaped(run.text)}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
