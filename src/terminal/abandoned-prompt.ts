/** The end of a question that its package does not see: it would wait on although nobody can answer any more. */
export interface Departure {
  /** Settled once `leave` was called. */
  isGone: Promise<undefined>
  leave(): void
}

export function departure(): Departure {
  let leave = (): void => {}
  const isGone = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined)
  })
  return { isGone, leave: () => leave() }
}
