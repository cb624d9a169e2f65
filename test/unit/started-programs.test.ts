/** Tests start system programs by the one list alone: what it lacks, nobody would install. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What Node brings, what Debian calls essential, and sudo, without which nothing can be installed. */
const everywhere = ['node', 'npm', 'npx', 'sh', 'bash', 'tar', 'cp', 'chmod', 'mkfifo', 'dpkg', 'sudo']

/** Paths of all tests, and of what they share. */
function ownTests(): string[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'test'))
  return [join(root, 'test'), ...packages]
    .flatMap(filesIn)
    .filter((path) => path.endsWith('.ts') && !path.includes(`${sep}node_modules${sep}`))
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
}

/** The programs that a text starts by their bare names. */
function started(text: string): string[] {
  const calls = /\b(?:execa|execFile|execFileSync|execute|spawn|spawnSync|asRoot)\(\s*'([\w./-]+)'/g
  return Array.from(text.matchAll(calls), ([, name = '']) => name)
}

test('each system program that a test starts is in the list', () => {
  const one = 'mkfs.ext4'
  expect(started(`await execa('${one}', [])`)).toEqual([one])
  const names = ownTests().flatMap((path) => started(readFileSync(path, 'utf8')))
  expect(names.length).toBeGreaterThan(20)
  expect(names.filter((name) => !everywhere.includes(name))).toEqual([])
})
