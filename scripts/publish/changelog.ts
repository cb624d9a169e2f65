/** Reads and updates CHANGELOG.md, which has the format of keepachangelog.com. */

const unreleased = '## [Unreleased]'

/**
 * Returns the text of the section of a version.
 *
 * @throws Error if there is no section with a date, if it is empty, or if there is a newer version.
 */
export function notesOf(changelog: string, version: string): string {
  const [newest, ...older] = sectionsOf(changelog).filter(({ heading }) => heading !== unreleased)
  if (newest === undefined || !isOf(newest.heading, version)) {
    if (older.some(({ heading }) => isOf(heading, version)))
      throw new Error(`CHANGELOG.md has a newer version than ${version}`)
    throw new Error(`CHANGELOG.md has no section "## [${version}] - YEAR-MONTH-DAY"`)
  }
  if (newest.text === '') throw new Error(`The section of ${version} in CHANGELOG.md is empty`)
  return newest.text
}

/** Returns the text of the unreleased changes. @throws Error if there are none. */
export function unreleasedNotes(changelog: string): string {
  const [first] = sectionsOf(changelog)
  if (first?.heading !== unreleased || first.text === '')
    throw new Error(`CHANGELOG.md has nothing below "${unreleased}"`)
  return first.text
}

/**
 * Moves the unreleased changes in the changelog to a version.
 *
 * @param day the date of the release, such as 2026-01-31.
 * @throws Error if there is nothing to release.
 */
export function withVersion(changelog: string, version: string, day: string): string {
  unreleasedNotes(changelog)
  return changelog.replace(unreleased, `${unreleased}\n\n## [${version}] - ${day}`)
}

interface Section {
  heading: string
  text: string
}

function sectionsOf(changelog: string): Section[] {
  const [, ...parts] = changelog.split(/^(?=## )/m)
  return parts.map((part) => {
    const end = part.indexOf('\n')
    return end < 0
      ? { heading: part, text: '' }
      : { heading: part.slice(0, end), text: part.slice(end).trim() }
  })
}

function isOf(heading: string, version: string): boolean {
  const start = `## [${version}] - `
  return heading.startsWith(start) && /^\d{4}-\d{2}-\d{2}$/.test(heading.slice(start.length))
}
