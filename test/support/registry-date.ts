/** Changes a registry's document about a package to what it was at a date. */
import { gt, prerelease, rsort } from 'semver'

/** The part of a registry's document that depends on the date. */
export interface DatedDocument {
  versions: Record<string, unknown>
  'dist-tags': Record<string, string>
  /** When the document last changed. Only abbreviated documents have it. */
  modified?: string | undefined
}

/** The publication time of each version. */
export type Times = Readonly<Record<string, unknown>>

/** Removes the versions that were published after a date, and their tags. */
export function hideNewer(document: DatedDocument, times: Times, date: Date): void {
  for (const version of Object.keys(document.versions)) {
    const time = times[version]
    if (typeof time === 'string' && new Date(time) > date) delete document.versions[version]
  }
  const tags = document['dist-tags']
  for (const [tag, version] of Object.entries(tags)) {
    if (version in document.versions) continue
    delete tags[tag]
    const latest = tag === 'latest' ? newestOf(Object.keys(document.versions)) : undefined
    if (latest !== undefined) tags.latest = latest
  }
  if (document.modified !== undefined && new Date(document.modified) > date) {
    document.modified = date.toISOString()
  }
}

/** Returns the highest version, preferring stable versions to prereleases. */
function newestOf(versions: string[]): string | undefined {
  const sorted = rsort(versions)
  return sorted.find((version) => prerelease(version) === null) ?? sorted[0]
}

/** Adds a version to a document, as the latest one unless the document has a higher one. */
export function addVersion(document: DatedDocument, version: string, manifest: unknown): void {
  document.versions[version] = manifest
  const tags = document['dist-tags']
  if (tags.latest === undefined || gt(version, tags.latest)) tags.latest = version
}
