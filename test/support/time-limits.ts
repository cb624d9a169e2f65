/** Limits that time sets to tests, beside those of vitest.config.ts. */

/** Time limit of a test in which a created project runs all of its own tests, each with a model of its own. */
export const projectTestsMs = 1_800_000

/** Time limit of a test that downloads the extra for images and embeddings, 770 MB, where uv's cache has none of it. */
export const visionDownloadMs = 1_800_000

/**
 * More than something takes without a network that waits for none: what the like of it took with a network, and half
 * of the 70 s that npm waits for each package.
 */
export function secondsWithoutWait(secondsWithNetwork: number): number {
  return secondsWithNetwork + 35
}
