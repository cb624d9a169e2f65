import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Makes a folder for all workers and later runs, whole or not at all, unless it is there.
 *
 * @param part a path in the folder that only a whole one has.
 * @param make fills an empty folder, which is then moved.
 * @returns the path of that part.
 */
export async function makeOnce(
  folder: string,
  part: string,
  make: (making: string) => Promise<void>,
): Promise<string> {
  const made = join(folder, part)
  if (existsSync(made)) return made
  mkdirSync(dirname(folder), { recursive: true })
  const making = mkdtempSync(`${folder}-`)
  await make(making)
  try {
    renameSync(making, folder)
  } catch (error) {
    // Another worker may have made it first.
    if (!existsSync(made)) throw error
    rmSync(making, { recursive: true })
  }
  return made
}
