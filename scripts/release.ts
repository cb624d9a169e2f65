/**
 * The steps of a release, for a person and for the workflow:
 *
 * npm run release -- prepare 1.2.3            gives what is not released yet this version, in CHANGELOG.md and package.json
 * npm run release -- check v1.2.3             says what of a tag does not fit package.json or CHANGELOG.md
 * npm run release -- pack v1.2.3 --repository OWNER/NAME --output DIR
 *                                             makes create-mlx-app.tgz, as it goes to npm, and notes.md
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { z } from 'zod'
import { notesOf, withVersion } from './publish/changelog.ts'
import { packPackage } from './publish/package.ts'

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
  if (step === 'prepare') return prepare(name)
  if (step === 'check') return void checked(name)
  if (step === 'pack' && values.repository !== undefined && values.output !== undefined)
    return pack(name, values.repository, resolve(values.output))
  throw new Error(usage)
}

async function prepare(version: string): Promise<void> {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`"${version}" is not a version like 1.2.3`)
  const day = new Date().toISOString().slice(0, 10)
  const changelog = withVersion(readFileSync(changelogPath, 'utf8'), version, day)
  await execa('npm', ['version', version, '--no-git-tag-version', '--allow-same-version'], { cwd: root })
  writeFileSync(changelogPath, changelog)
  console.log(`Commit it, then: git tag v${version} && git push origin main v${version}`)
}

/** @returns the notes. @throws Error when the tag is not of this version. */
function checked(tag: string): string {
  const version = versionIn('package.json')
  if (tag !== `v${version}`) throw new Error(`The tag is ${tag}, and package.json has version ${version}`)
  const locked = versionIn('package-lock.json')
  if (locked !== version) throw new Error(`package-lock.json has version ${locked}, not ${version}`)
  const notes = notesOf(readFileSync(changelogPath, 'utf8'), version)
  console.log(`${tag}:\n\n${notes}`)
  return notes
}

async function pack(tag: string, repository: string, output: string): Promise<void> {
  const notes = checked(tag)
  const { tarball, size } = await packPackage(output, repository)
  renameSync(tarball, join(output, 'create-mlx-app.tgz'))
  writeFileSync(join(output, 'notes.md'), `${notes}\n`)
  console.log(`${size} bytes in ${join(output, 'create-mlx-app.tgz')}`)
}

function versionIn(name: string): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, name), 'utf8'))).version
}
