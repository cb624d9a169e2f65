/** One version everywhere: of the tool, of its packages, of what names them, and of the Python package. */
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { setVersion, versionsIn } from '../../scripts/publish/versions.ts'
import { version } from '../../src/version.ts'
import { temporaryFolder } from '../support/folders.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const files = [
  'package.json',
  'package-lock.json',
  'packages/chat-page/package.json',
  'packages/engine/package.json',
  'packages/engine/python/pyproject.toml',
  'packages/server/package.json',
  'templates/package.json',
]

test('all packages have the version of the tool', () => {
  const versions = versionsIn(root)
  expect([...versions].filter(([, found]) => found !== version)).toEqual([])
  expect([...versions.keys()]).toEqual(
    expect.arrayContaining([
      'package.json',
      'packages/engine/package.json',
      'packages/server/package.json',
      'packages/server/package.json peerDependencies mlx-app',
      'packages/engine/python/pyproject.toml',
      'package-lock.json',
      'package-lock.json .',
      'package-lock.json packages/engine',
      'package-lock.json packages/server',
      'package-lock.json packages/server peerDependencies mlx-app',
    ]),
  )
})

/** A folder with the files that have versions. */
function copy(): string {
  const folder = temporaryFolder('versions')
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(root, file), join(folder, file))
  }
  return folder
}

test('a version that stays behind is found', () => {
  const folder = copy()
  setVersion(folder, '9.8.7')
  cpSync(join(root, 'packages/server/package.json'), join(folder, 'packages/server/package.json'))
  const behind = [...versionsIn(folder)].filter(([, found]) => found !== '9.8.7')
  expect(behind.map(([place]) => place)).toEqual([
    'packages/server/package.json',
    'packages/server/package.json peerDependencies mlx-app',
    'packages/server/package.json devDependencies mlx-app',
  ])
})

test('a new version changes all of them and nothing else', () => {
  const folder = copy()
  setVersion(folder, '9.8.7')
  expect(new Set(versionsIn(folder).values())).toEqual(new Set(['9.8.7']))
  for (const file of files) expect(readFileSync(join(folder, file), 'utf8'), file).not.toEqual(original(file))
  setVersion(folder, version)
  for (const file of files) expect(readFileSync(join(folder, file), 'utf8'), file).toEqual(original(file))
})

test('a release candidate has the form that PyPI requires in the Python package', () => {
  const folder = copy()
  setVersion(folder, '9.8.7-rc.1')
  expect(readFileSync(join(folder, 'packages/engine/python/pyproject.toml'), 'utf8')).toContain(
    '\nversion = "9.8.7rc1"\n',
  )
  expect(new Set(versionsIn(folder).values())).toEqual(new Set(['9.8.7-rc.1']))
})

const original = (file: string): string => readFileSync(join(root, file), 'utf8')
