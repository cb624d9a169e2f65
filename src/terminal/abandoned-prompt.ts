/** Ends a prompt that its package would keep open although nobody can answer it any more. */
export interface Abandonment {
  /** Resolves once `abandon` was called. */
  abandoned: Promise<undefined>
  abandon(): void
}

/** Creates an abandonment for one prompt, to race against its answer. */
export function createAbandonment(): Abandonment {
  let abandon = (): void => {}
  const abandoned = new Promise<undefined>((resolve) => {
    abandon = () => resolve(undefined)
  })
  return { abandoned, abandon: () => abandon() }
}
