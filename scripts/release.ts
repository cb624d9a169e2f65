/**
 * The steps of a release, for maintainers and for the workflow:
 *
 *   npm run release -- prepare 1.2.3    sets the version of all packages, and moves the changes in CHANGELOG.md to it. For
 *                                       1.2.3-rc.1, which goes to TestPyPI, the changes stay unreleased
 *   npm run release -- check v1.2.3     checks that the tag matches the packages and CHANGELOG.md
 *   npm run release -- pack v1.2.3 --repository OWNER/NAME --output DIR
 *                                       packs the npm packages, the wheel and the source distribution, and writes notes.md
 *
 * Afterwards, the workflow publishes the Python package, and `node scripts/publish/publish.ts DIR` the npm packages.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { notesOf, unreleasedNotes, withVersion } from './publish/changelog.ts'
import { packRelease } from './publish/package.ts'
import { isCandidate, setVersion, versionsIn } from './publish/versions.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const changelogPath = join(root, 'CHANGELOG.md')
const usage = 'npm run release -- prepare VERSION | check TAG | pack TAG --repository OWNER/NAME --output DIR'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repository: { type: 'string' }, output: { type: 'string' } },
})
try {
  await run(positionals)
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}

async function run([step, name]: readonly string[]): Promise<void> {
  if (name === undefined) throw new Error(usage)
  if (step === 'prepare') return void prepare(name)
  if (step === 'check') return void checkTag(name)
  if (step === 'pack' && values.repository !== undefined && values.output !== undefined)
    return pack(name, values.repository, resolve(values.output))
  throw new Error(usage)
}

function prepare(version: string): void {
  if (!/^\d+\.\d+\.\d+(-rc\.\d+)?$/.test(version))
    throw new Error(`"${version}" is not a version such as 1.2.3 or 1.2.3-rc.1`)
  const before = readFileSync(changelogPath, 'utf8')
  const day = new Date().toISOString().slice(0, 10)
  // The changes of a candidate stay unreleased.
  if (isCandidate(version)) unreleasedNotes(before)
  else writeFileSync(changelogPath, withVersion(before, version, day))
  setVersion(root, version)
  console.log(`Commit the changes, then run: git tag v${version} && git push origin main v${version}`)
}

/** Checks a tag and returns its release notes. @throws Error if a package has another version. */
function checkTag(tag: string): string {
  const wrong = [...versionsIn(root)].filter(([, version]) => tag !== `v${version}`)
  if (wrong.length > 0) {
    const places = wrong.map(([place, version]) => `\n  ${version}  ${place}`)
    throw new Error(`The tag is ${tag}, but these versions differ:${places.join('')}`)
  }
  const changelog = readFileSync(changelogPath, 'utf8')
  const version = tag.slice(1)
  const notes = isCandidate(version) ? unreleasedNotes(changelog) : notesOf(changelog, version)
  console.log(`${tag}:\n\n${notes}`)
  return notes
}

async function pack(tag: string, repository: string, output: string): Promise<void> {
  const notes = checkTag(tag)
  const { npm, python } = await packRelease(output, repository)
  writeFileSync(join(output, 'notes.md'), `${notes}\n`)
  for (const path of [python.wheel, python.sdist, ...[...npm.values()].map(({ tarball }) => tarball)])
    console.log(`${relative(output, path)}: ${statSync(path).size} bytes`)
}
