/** A diagram with two logarithmic axes. */
export interface Panel {
  title: string
  xLabel: string
  yLabel: string
  /** One or two series. The first is drawn solid with dots, the second dashed with squares. */
  series: readonly { name: string; points: readonly { x: number; y: number }[] }[]
}

const panelWidth = 440
const panelHeight = 320
const margin = { left: 82, right: 20, top: 40, bottom: 55 }
const legendHeight = 36

/** Returns an SVG of the panels, two in a row. It has no background and follows the colour scheme of the reader. */
export function plot(panels: readonly Panel[]): string {
  const width = 2 * panelWidth
  const height = Math.ceil(panels.length / 2) * panelHeight + legendHeight
  const names = panels[0]?.series.map(({ name }) => name) ?? []
  const drawn = panels.map((panel, place) => {
    const x = (place % 2) * panelWidth
    const y = Math.floor(place / 2) * panelHeight + legendHeight
    return `<g transform="translate(${x} ${y})">\n${draw(panel)}\n</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(`${panels.map(({ title }) => title).join('; ')}: ${names.join(' and ')}`)}</title>`,
    `<style>${style}</style>`,
    legend(names),
    ...drawn,
    '</svg>',
    '',
  ].join('\n')
}

const style = `
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.line { fill: none; stroke-width: 2; }
.s0 { stroke: #0550ae; } .m0 { fill: #0550ae; }
.s1 { stroke: #bc4c00; stroke-dasharray: 6 4; } .m1 { fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.grid { stroke: #3d444d; }
.s0 { stroke: #79c0ff; } .m0 { fill: #79c0ff; }
.s1 { stroke: #ffa657; } .m1 { fill: #ffa657; }
}
`

function legend(names: readonly string[]): string {
  return names
    .map((name, place) => {
      const x = margin.left + place * 150
      return [
        `<path class="line s${place}" d="M${x} 20h36"/>`,
        mark(place, x + 18, 20),
        `<text x="${x + 44}" y="24.5">${escaped(name)}</text>`,
      ].join('\n')
    })
    .join('\n')
}

function draw({ title, xLabel, yLabel, series }: Panel): string {
  const points = series.flatMap((one) => one.points)
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b)
  const ys = ticks(points.map(({ y }) => y))
  const x = scale(xs, margin.left, panelWidth - margin.right)
  const y = scale(ys, panelHeight - margin.bottom, margin.top)
  const [left, right] = [margin.left, panelWidth - margin.right]
  const [top, bottom] = [margin.top, panelHeight - margin.bottom]
  return [
    `<text class="title" x="${left}" y="${top - 14}">${escaped(title)}</text>`,
    ...ys.map(
      (tick) =>
        `<path class="grid" d="M${left} ${y(tick)}H${right}"/><text x="${left - 8}" y="${y(tick) + 4.5}" text-anchor="end">${short(tick)}</text>`,
    ),
    ...xs.map(
      (tick) =>
        `<path class="grid" d="M${x(tick)} ${top}V${bottom}"/><text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${short(tick)}</text>`,
    ),
    `<text x="${(left + right) / 2}" y="${bottom + 40}" text-anchor="middle">${escaped(xLabel)}</text>`,
    `<text transform="translate(16 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
    ...series.map((one, place) => {
      const path = one.points.map((point) => `${x(point.x)} ${y(point.y)}`).join('L')
      const marks = one.points.map((point) => mark(place, x(point.x), y(point.y)))
      return `<path class="line s${place}" d="M${path}"/>\n${marks.join('\n')}`
    }),
  ].join('\n')
}

function mark(place: number, x: number, y: number): string {
  return place === 0
    ? `<circle class="m0" cx="${x}" cy="${y}" r="4"/>`
    : `<rect class="m${place}" x="${rounded(x - 3)}" y="${rounded(y - 3)}" width="6" height="6"/>`
}

/** Returns a function from values to positions on a logarithmic axis from the first to the last of `values`. */
function scale(values: readonly number[], start: number, end: number): (value: number) => number {
  const from = Math.log(values[0] ?? 1)
  const to = Math.log(values.at(-1) ?? 10)
  const length = to === from ? 1 : to - from
  return (value) => rounded(start + ((Math.log(value) - from) / length) * (end - start))
}

/** Returns round numbers (1, 2, 5, 10, 20, ...) from below the smallest value to above the largest. */
function ticks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const all: number[] = []
  for (let power = -3; power < 8; power += 1) all.push(...[1, 2, 5].map((digit) => digit * 10 ** power))
  const first = Math.max(
    0,
    all.findLastIndex((tick) => tick <= least),
  )
  const last = all.findIndex((tick) => tick >= most)
  const kept = all.slice(first, last + 1)
  // If there are too many, only powers of ten are kept.
  return kept.length <= 8
    ? kept
    : all.filter((tick) => isPower(tick) && tick * 10 > least && tick < most * 10)
}

function isPower(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9
}

function short(value: number): string {
  if (value >= 1024 && Number.isInteger(Math.log2(value))) return `${value / 1024}k`
  return value >= 1000 ? value.toLocaleString('en') : String(Number(value.toPrecision(3)))
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
