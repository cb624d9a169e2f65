/** The measurements of this project and of its peer. */
export interface Sides<Value> {
  ours: Value[]
  peer: Value[]
}

/**
 * Runs both sides alternately, `times` times each, so that other work on the machine affects both. One warm-up round is
 * discarded.
 */
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
 * Runs any number of sides alternately. Returns the values of each side, in the order of the sides.
 *
 * @param options.warmUp whether to discard a warm-up round first. Set it to false for measurements that take minutes.
 */
export async function interleave<Value>(
  times: number,
  sides: readonly ((round: number) => Promise<Value>)[],
  { warmUp = true }: { warmUp?: boolean } = {},
): Promise<Value[][]> {
  const values = sides.map((): Value[] => [])
  for (let round = warmUp ? 0 : 1; round <= times; round += 1) {
    // Each round starts with another side, in case the order matters.
    for (const turn of sides.keys()) {
      const place = (round + turn) % sides.length
      const value = await sides[place]?.(round)
      if (round > 0 && value !== undefined) values[place]?.push(value)
    }
  }
  return values
}

/** Returns the number of rounds, which BENCH_ROUNDS overrides to try out a bench. */
export function rounds(defaultRounds: number): number {
  const set = Number(process.env.BENCH_ROUNDS ?? defaultRounds)
  if (!Number.isInteger(set) || set < 1) throw new Error('BENCH_ROUNDS must be a whole number of at least 1.')
  return set
}

/** Returns the median. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (lower + upper) / 2
}

/** Returns the smallest value that is not exceeded by this share (0 to 1) of the values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Returns how many milliseconds the work takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
