/**
 * The short kind of a registry's document, which is all that an install needs. Some mirrors send the whole one in its place:
 * megabytes that each install would fetch and parse again.
 */
import { z } from 'zod'

/** What a version has in it, by npm's description of package metadata ("Abbreviated version object"). */
const kept = [
  'name',
  'version',
  'deprecated',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'bundleDependencies',
  'bundledDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'bin',
  'directories',
  'dist',
  'engines',
  'cpu',
  'os',
  'libc',
  'funding',
  'acceptDependencies',
  'hasInstallScript',
]

const scriptsSchema = z.looseObject({ scripts: z.record(z.string(), z.unknown()).optional() })
const timesSchema = z.object({ modified: z.string().optional() })

/** Shortens a document in place. */
export function abbreviate(document: {
  versions: Record<string, Record<string, unknown>>
  time?: unknown
  modified?: string | undefined
  [key: string]: unknown
}): void {
  for (const version of Object.values(document.versions)) {
    const { scripts = {} } = scriptsSchema.parse(version)
    // A whole document tells it by the scripts alone.
    if (['preinstall', 'install', 'postinstall'].some((name) => name in scripts))
      version.hasInstallScript = true
    for (const key of Object.keys(version)) if (!kept.includes(key)) delete version[key]
  }
  document.modified ??= timesSchema.safeParse(document.time).data?.modified
  for (const key of Object.keys(document)) {
    if (!['name', 'modified', 'dist-tags', 'versions'].includes(key)) delete document[key]
  }
}
