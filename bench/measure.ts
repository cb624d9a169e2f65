/** Numbers of both sides, taken in turns, so that whatever else the machine does meets both alike. */
export interface Sides<Value> {
  ours: Value[]
  peer: Value[]
}

/** Runs both sides `times` times in turns, after one round that does not count. */
export async function alternate<Value>(
  times: number,
  ours: (round: number) => Promise<Value>,
  peer: (round: number) => Promise<Value>,
  options: { warmUp?: boolean } = {},
): Promise<Sides<Value>> {
  const [own = [], other = []] = await interleave(times, [ours, peer], options)
  return { ours: own, peer: other }
}

/**
 * As `alternate` for any number of sides; gives the values of each, in the order of the sides.
 *
 * @param options.warmUp whether there is a round that does not count; not for what takes minutes
 */
export async function interleave<Value>(
  times: number,
  sides: readonly ((round: number) => Promise<Value>)[],
  { warmUp = true }: { warmUp?: boolean } = {},
): Promise<Value[][]> {
  const values = sides.map((): Value[] => [])
  for (let round = warmUp ? 0 : 1; round <= times; round += 1) {
    // Who goes first changes, in case a place in the order gains or loses by it.
    for (const turn of sides.keys()) {
      const place = (round + turn) % sides.length
      const value = await sides[place]?.(round)
      if (round > 0 && value !== undefined) values[place]?.push(value)
    }
  }
  return values
}

/** How often to measure: what BENCH_ROUNDS says, to try a bench, or as often as the bench asks for. */
export function rounds(asked: number): number {
  const set = Number(process.env.BENCH_ROUNDS ?? asked)
  if (!Number.isInteger(set) || set < 1) throw new Error('BENCH_ROUNDS is a number of rounds, 1 or more.')
  return set
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (lower + upper) / 2
}

/** The value that this share of them, 0 to 1, does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Milliseconds that something takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
