/**
 * Publishes the packages of `npm run release -- pack` to npm:
 *
 *   node scripts/publish/publish.ts DIR [FLAGS OF NPM PUBLISH]
 *
 * It can be run again after a failure: packages that npm already has with the same bytes are skipped. It only needs Node and
 * npm, so that no other code runs where publishing is allowed.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { npmPackages, tarballOf } from './npm-packages.ts'

interface Unit {
  name: string
  version: string
  tarball: string
  /** The hash in the format of npm. */
  integrity: string
}

try {
  publish(process.argv.slice(2))
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}

function publish([directory, ...flags]: readonly string[]): void {
  if (directory === undefined)
    throw new Error('Usage: node scripts/publish/publish.ts DIR [FLAGS OF NPM PUBLISH]')
  const all = npmPackages.map(({ name }) => readUnit(name, resolve(directory, tarballOf(name))))
  const versions = new Set(all.map(({ version }) => version))
  if (versions.size > 1) throw new Error(`The packages have different versions: ${[...versions].join(', ')}`)
  // Checks all of them before the first one is published.
  const missing = all.filter((unit) => !isPublished(unit))
  for (const { name, version, tarball } of missing) {
    const { status } = spawnSync('npm', ['publish', tarball, '--ignore-scripts', ...flags], {
      stdio: 'inherit',
    })
    if (status !== 0)
      throw new Error(`Could not publish ${name} ${version}. Run this again: published packages are skipped`)
    console.log(`Published ${name} ${version}`)
  }
}

/** Reads a tarball. @throws Error if it contains another package, or a build that is not for npm. */
function readUnit(name: string, tarball: string): Unit {
  const manifest: unknown = JSON.parse(
    execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }),
  )
  const found = stringAt(manifest, 'name')
  if (found !== name) throw new Error(`${tarball} contains ${found} instead of ${name}`)
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  if (valueAt(manifest, 'private') !== undefined || files.includes('/dist/vendor/'))
    throw new Error(
      `${tarball} is a build from a checkout, which includes its packages. Pack it for npm with: npm run release -- pack`,
    )
  const hash = createHash('sha512').update(readFileSync(tarball)).digest('base64')
  return { name, version: stringAt(manifest, 'version'), tarball, integrity: `sha512-${hash}` }
}

/** Whether npm has this version. @throws Error if npm has other bytes, or if the request fails. */
function isPublished({ name, version, integrity }: Unit): boolean {
  const query = ['view', `${name}@${version}`, 'dist.integrity', '--json']
  const { status, stdout, stderr } = spawnSync('npm', query, { encoding: 'utf8' })
  const answer: unknown = stdout.trim() === '' ? undefined : JSON.parse(stdout)
  if (status !== 0) {
    if (valueAt(valueAt(answer, 'error'), 'code') === 'E404') return false
    throw new Error(`Could not find out whether npm has ${name} ${version}:\n${stderr || stdout}`)
  }
  if (answer === undefined) return false
  if (answer !== integrity)
    throw new Error(
      `${name} ${version} on npm differs from ${tarballOf(name)}. Rerun the failed jobs of the run that published it, which still has the files, or release another version`,
    )
  console.log(`Skipped ${name} ${version}: npm already has it, with the same bytes`)
  return true
}

function valueAt(object: unknown, key: string): unknown {
  return new Map<string, unknown>(Object.entries(object ?? {})).get(key)
}

function stringAt(object: unknown, key: string): string {
  const value = valueAt(object, key)
  if (typeof value !== 'string') throw new Error(`package.json has no ${key}`)
  return value
}
