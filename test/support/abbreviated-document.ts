/**
 * The abbreviated document of a package in a registry, which is all that an install needs. Some mirrors always send the full
 * document: megabytes that each install would fetch and parse again.
 */
import { z } from 'zod'

/** The fields of an "Abbreviated version object" in npm's description of package metadata. */
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

/** Abbreviates a document in place. */
export function abbreviate(document: {
  versions: Record<string, Record<string, unknown>>
  time?: unknown
  modified?: string | undefined
  [key: string]: unknown
}): void {
  for (const version of Object.values(document.versions)) {
    const { scripts = {} } = scriptsSchema.parse(version)
    // In a full document, only the scripts show it.
    if (['preinstall', 'install', 'postinstall'].some((name) => name in scripts))
      version.hasInstallScript = true
    for (const key of Object.keys(version)) if (!kept.includes(key)) delete version[key]
  }
  document.modified ??= timesSchema.safeParse(document.time).data?.modified
  for (const key of Object.keys(document)) {
    if (!['name', 'modified', 'dist-tags', 'versions'].includes(key)) delete document[key]
  }
}
