import { cpus, release, totalmem } from 'node:os'

/** One measured thing beside its peer. */
export interface Row {
  what: string
  ours: string
  peer: string
  /** What is held against the bar: a ratio, a difference, a size. */
  result: string
  /** Without one nobody set a bar. */
  bar?: string
  met?: boolean
}

/** The rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.ours,
    row.peer,
    row.result,
    row.bar ?? 'none',
    row.met === undefined ? '' : row.met ? 'yes' : '**no**',
  ])
  const head = ['What', 'create-mlx-app', 'Peer', 'Result', 'Bar', 'Met']
  return [head, head.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

/** The machine and the versions, for the head of the results. */
export function machine(versions: Record<string, string>): string {
  const processor = cpus()
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  const parts = [
    `${process.platform} ${process.arch}`,
    `${processor.length} cores of ${processor[0]?.model ?? 'unknown'}`,
    `${gibibytes} GiB`,
    `kernel ${release()}`,
    `Node ${process.versions.node}`,
    ...Object.entries(versions).map(([name, value]) => `${name} ${value}`),
  ]
  return parts.join(', ')
}

/** A bar that the ratio must not be above, with both. */
export function atMost(value: number, bar: number): Pick<Row, 'result' | 'bar' | 'met'> {
  return { result: ratio(value), bar: `<= ${bar} times`, met: value <= bar }
}

/** A bar that the ratio must not be below, with both. */
export function atLeast(value: number, bar: number): Pick<Row, 'result' | 'bar' | 'met'> {
  return { result: ratio(value), bar: `>= ${bar} times`, met: value >= bar }
}

export function milliseconds(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(1)} ms`
}

export function ratio(value: number): string {
  return `${value.toFixed(2)} times`
}

export function perSecond(tokens: number): string {
  return tokens >= 100 ? `${Math.round(tokens)} tokens/s` : `${tokens.toFixed(1)} tokens/s`
}

/** A signed difference in milliseconds. */
export function difference(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(1)} ms`
}
