/**
 * Compares the wheel and the source distribution of a release with an index:
 *
 *   node scripts/publish/compare-index.ts DIR https://pypi.org/simple/
 *
 * Fails if the index has other bytes under one of the names. The upload after it skips files that the index has, so that it can
 * be run again after a failure. It only needs Node, so that no other code runs where publishing is allowed.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const name = 'mlx-app'

try {
  await compare(process.argv.slice(2))
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}

async function compare([directory, index]: readonly string[]): Promise<void> {
  if (directory === undefined || index === undefined)
    throw new Error('Usage: node scripts/publish/compare-index.ts DIR INDEX')
  const files = readdirSync(directory).sort()
  for (const ending of ['.whl', '.tar.gz']) {
    const count = files.filter((file) => file.endsWith(ending)).length
    if (count !== 1) throw new Error(`${directory} has ${count} files ${ending} instead of one`)
  }
  const published = await hashesOn(index)
  for (const file of files) {
    const hash = createHash('sha256')
      .update(readFileSync(join(directory, file)))
      .digest('hex')
    const there = published.get(file)
    if (there !== undefined && there !== hash)
      throw new Error(
        `${file} on ${index} differs. Rerun the failed jobs of the run that published it, which still has the files, or release another version`,
      )
    const found = there === undefined ? 'does not have it yet' : 'already has it, with the same bytes'
    console.log(`${file}: ${index} ${found}`)
  }
}

/** Returns the SHA-256 of each file of the package on an index, by name. */
async function hashesOn(index: string): Promise<Map<string, string>> {
  const address = new URL(`${name}/`, index)
  const response = await fetch(address, { headers: { accept: 'text/html' } }).catch((error: unknown) => {
    throw new Error(`Could not reach ${address}`, { cause: error })
  })
  if (response.status === 404) return new Map()
  if (!response.ok) throw new Error(`${address} answered ${response.status}`)
  const links = (await response.text()).matchAll(/href="[^"]*#sha256=([0-9a-f]{64})"[^>]*>\s*([^<]+?)\s*</g)
  return new Map(Array.from(links, ([, hash = '', file = '']) => [file, hash]))
}
