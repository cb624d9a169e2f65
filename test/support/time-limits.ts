/** Time limits of tests, in addition to those in vitest.config.ts. */

/** The time limit of tests in which a created project runs its own tests, each with its own model. */
export const projectTestsMs = 1_800_000

/** The time limit of tests that may download the extra for images and embeddings (770 MB). */
export const visionDownloadMs = 1_800_000

/**
 * Returns a limit for something that must not wait for the network when there is none: the time with a network, plus half of the
 * 70 s that npm waits for each package.
 */
export function secondsWithoutWait(secondsWithNetwork: number): number {
  return secondsWithNetwork + 35
}
