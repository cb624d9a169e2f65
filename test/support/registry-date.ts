/** What a registry's document about a package was at a date. */
import { gt, prerelease, rsort } from 'semver'

/** The part of a registry's document that a date changes. */
export interface DatedDocument {
  versions: Record<string, unknown>
  'dist-tags': Record<string, string>
  /** When the document last changed; only the short kind of document has it. */
  modified?: string | undefined
}

/** When each version of a package was published, by version. */
export type Times = Readonly<Record<string, unknown>>

/** Removes from a document each version that was published after a date, and the tags that name one. */
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

/** The highest version that is no prerelease; the highest prerelease where there is nothing else. */
function newestOf(versions: string[]): string | undefined {
  const sorted = rsort(versions)
  return sorted.find((version) => prerelease(version) === null) ?? sorted[0]
}

/** Adds a version to a document. It is the latest one unless the document has a higher one. */
export function addVersion(document: DatedDocument, version: string, manifest: unknown): void {
  document.versions[version] = manifest
  const tags = document['dist-tags']
  if (tags.latest === undefined || gt(version, tags.latest)) tags.latest = version
}
