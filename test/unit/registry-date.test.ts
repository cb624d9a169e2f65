import { describe, expect, it } from 'vitest'
import { abbreviate } from '../support/abbreviated-document.ts'
import { addVersion, hideNewer } from '../support/registry-date.ts'

const date = new Date('2026-01-15T00:00:00Z')
const times = {
  '1.0.0': '2025-01-01T00:00:00Z',
  '1.9.0': '2026-01-15T00:00:00+00:00',
  '1.10.0': '2026-01-14T23:59:59Z',
  '2.0.0-beta.1': '2026-01-01T00:00:00Z',
  '2.0.0': '2026-01-15T00:00:01Z',
}

const documentWith = (versions: string[], tags: Record<string, string>) => ({
  versions: Object.fromEntries(versions.map((version) => [version, { version }])),
  'dist-tags': tags,
})

describe('a registry at a past date', () => {
  it('has each version that was published by then', () => {
    const document = documentWith(Object.keys(times), {})
    hideNewer(document, times, date)
    expect(Object.keys(document.versions)).toEqual(['1.0.0', '1.9.0', '1.10.0', '2.0.0-beta.1'])
  })

  it('tags the highest stable version as latest, and keeps no tag without a version', () => {
    const document = documentWith(Object.keys(times), { latest: '2.0.0', next: '2.0.0', old: '1.0.0' })
    hideNewer(document, times, date)
    expect(document['dist-tags']).toEqual({ latest: '1.10.0', old: '1.0.0' })
  })

  it('keeps a latest tag on a version that is not hidden, even if another is higher', () => {
    const document = documentWith(Object.keys(times), { latest: '1.0.0' })
    hideNewer(document, times, date)
    expect(document['dist-tags']).toEqual({ latest: '1.0.0' })
  })

  it('tags a prerelease as latest if there is nothing else, and has no tag without a version', () => {
    const document = documentWith(['2.0.0-beta.1', '2.0.0'], { latest: '2.0.0' })
    hideNewer(document, times, date)
    expect(document['dist-tags']).toEqual({ latest: '2.0.0-beta.1' })
    const other = documentWith(['2.0.0'], { latest: '2.0.0' })
    hideNewer(other, times, date)
    expect(other).toEqual({ versions: {}, 'dist-tags': {} })
  })

  it('has no later modification date', () => {
    const changed = (modified: string) => {
      const document = { ...documentWith([], {}), modified }
      hideNewer(document, times, date)
      return document.modified
    }
    expect(changed('2026-02-01T00:00:00Z')).toBe('2026-01-15T00:00:00.000Z')
    expect(changed('2025-02-01T00:00:00Z')).toBe('2025-02-01T00:00:00Z')
  })
})

it('an added version is the latest if no other is higher', () => {
  const document = documentWith(['1.0.0', '3.0.0'], { latest: '3.0.0' })
  addVersion(document, '1.0.1', 'broken')
  expect(document['dist-tags'].latest).toBe('3.0.0')
  addVersion(document, '3.0.1', 'broken')
  expect(document).toMatchObject({ versions: { '1.0.1': 'broken' }, 'dist-tags': { latest: '3.0.1' } })
})

it('a full document from a mirror is abbreviated', () => {
  const document = {
    name: 'esbuild',
    readme: 'long',
    'dist-tags': { latest: '1.0.0' },
    time: { created: '2025-01-01T00:00:00Z', modified: '2025-01-02T00:00:00Z' },
    versions: {
      '1.0.0': {
        version: '1.0.0',
        gitHead: 'abc',
        dependencies: { zod: '4' },
        scripts: { postinstall: 'node install.js' },
      },
    },
  }
  abbreviate(document)
  expect(document).toEqual({
    name: 'esbuild',
    modified: '2025-01-02T00:00:00Z',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { version: '1.0.0', dependencies: { zod: '4' }, hasInstallScript: true } },
  })
})
