/** Numbers of both sides, taken in turns, so that whatever else the machine does meets both alike. */
export interface Sides<Value> {
  ours: Value[]
  peer: Value[]
}

/** Runs both sides `rounds` times in turns, after one round that does not count. */
export async function inTurns<Value>(
  rounds: number,
  ours: (round: number) => Promise<Value>,
  peer: (round: number) => Promise<Value>,
): Promise<Sides<Value>> {
  const sides: Sides<Value> = { ours: [], peer: [] }
  for (let round = 0; round <= rounds; round += 1) {
    // Who goes first changes, in case the second of two gains or loses by it.
    const first = round % 2 === 0 ? await ours(round) : undefined
    const second = await peer(round)
    const own = first ?? (await ours(round))
    if (round === 0) continue
    sides.ours.push(own)
    sides.peer.push(second)
  }
  return sides
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (lower + upper) / 2
}

/** Milliseconds that something takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
