import { cpus, release, totalmem } from 'node:os'

/** A measurement and its peer. */
export interface Row {
  what: string
  ours: string
  peer: string
  /** The value that is compared with the goal: a ratio, a difference, or a size. */
  result: string
  /** The goal, if there is one. */
  bar?: string
  met?: boolean
}

/** Returns the rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.ours,
    row.peer,
    row.result,
    row.bar ?? 'none',
    row.met === undefined ? '' : row.met ? 'yes' : '**no**',
  ])
  const head = ['What', 'create-mlx-app', 'Peer', 'Result', 'Goal', 'Met']
  return [head, head.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

/** Returns a line that describes the machine and the versions. */
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

/** Returns the ratio and whether it is at most the goal. */
export function atMost(value: number, bar: number): Pick<Row, 'result' | 'bar' | 'met'> {
  return { result: ratio(value), bar: `<= ${bar} times`, met: value <= bar }
}

/** Returns the ratio and whether it is at least the goal. */
export function atLeast(value: number, bar: number): Pick<Row, 'result' | 'bar' | 'met'> {
  return { result: ratio(value), bar: `>= ${bar} times`, met: value >= bar }
}

/** Formats a duration given in milliseconds. */
export function milliseconds(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(1)} ms`
}

/** Formats a ratio. */
export function ratio(value: number): string {
  return `${value.toFixed(2)} times`
}

/** Formats a number of tokens per second. */
export function perSecond(tokens: number): string {
  return tokens >= 100 ? `${Math.round(tokens)} tokens/s` : `${tokens.toFixed(1)} tokens/s`
}

/** Formats a signed difference in milliseconds. */
export function difference(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(1)} ms`
}
