/**
 * Publishes to npm what `npm run release -- pack` has made: `node scripts/publish/publish.ts DIR [FLAG OF NPM PUBLISH ...]`.
 * It may be run again after a failure: what npm has already is skipped, if it has the same bytes.
 *
 * Nothing but Node and npm is needed, so that no other code runs where publishing is allowed.
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
  /** As npm writes it. */
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
    throw new Error('node scripts/publish/publish.ts DIR [FLAG OF NPM PUBLISH ...]')
  const all = npmPackages.map(({ name }) => readUnit(name, resolve(directory, tarballOf(name))))
  const versions = new Set(all.map(({ version }) => version))
  if (versions.size > 1) throw new Error(`The packages have versions ${[...versions].join(', ')}`)
  // All are looked at before the first one is published.
  const missing = all.filter((unit) => !isPublished(unit))
  for (const { name, version, tarball } of missing) {
    const { status } = spawnSync('npm', ['publish', tarball, '--ignore-scripts', ...flags], {
      stdio: 'inherit',
    })
    if (status !== 0)
      throw new Error(
        `${name} ${version} was not published. Run this again: what has been published is skipped`,
      )
    console.log(`${name} ${version} is published`)
  }
}

/** @throws Error when the tarball is of another package, or of a build that is not for npm. */
function readUnit(name: string, tarball: string): Unit {
  const manifest: unknown = JSON.parse(
    execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }),
  )
  const found = stringAt(manifest, 'name')
  if (found !== name) throw new Error(`${tarball} is a package ${found}, not ${name}`)
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  if (valueAt(manifest, 'private') !== undefined || files.includes('/dist/vendor/'))
    throw new Error(
      `${tarball} is a build from a checkout, which carries its packages. npm run release -- pack makes one for npm`,
    )
  const hash = createHash('sha512').update(readFileSync(tarball)).digest('base64')
  return { name, version: stringAt(manifest, 'version'), tarball, integrity: `sha512-${hash}` }
}

/** Whether npm has this version. @throws Error when what it has is something else, or it can't be asked. */
function isPublished({ name, version, integrity }: Unit): boolean {
  const query = ['view', `${name}@${version}`, 'dist.integrity', '--json']
  const { status, stdout, stderr } = spawnSync('npm', query, { encoding: 'utf8' })
  const answer: unknown = stdout.trim() === '' ? undefined : JSON.parse(stdout)
  if (status !== 0) {
    if (valueAt(valueAt(answer, 'error'), 'code') === 'E404') return false
    throw new Error(`npm can't tell whether it has ${name} ${version}:\n${stderr || stdout}`)
  }
  if (answer === undefined) return false
  if (answer !== integrity)
    throw new Error(
      `npm has ${name} ${version} with other bytes than ${tarballOf(name)}. Rerun the failed jobs of the run that published it, which still have its files, or release another version`,
    )
  console.log(`${name} ${version} is on npm already, with the same bytes: skipped`)
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
