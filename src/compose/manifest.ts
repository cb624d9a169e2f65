import { isJsonObject, type JsonObject, mergeObjects } from './merge.ts'

/** The usual order of the keys of package.json. Other keys follow by name. */
const keyOrder = [
  'name',
  'productName',
  'appId',
  'version',
  'private',
  'description',
  'keywords',
  'homepage',
  'bugs',
  'license',
  'author',
  'repository',
  'type',
  'imports',
  'exports',
  'main',
  'types',
  'bin',
  'files',
  'workspaces',
  'scripts',
  'dependencies',
  'devDependencies',
  'peerDependencies',
  'optionalDependencies',
  'dependenciesMeta',
  'resolutions',
  'engines',
]

/** The order in which a user needs the scripts. Other scripts follow by name. */
const scriptOrder = [
  'setup',
  'doctor',
  'models',
  'start',
  'dev',
  'build',
  'test',
  'test:python',
  'typecheck',
  'lint',
  'format',
]

const dependencyKeys = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']

/**
 * Merges the fragments of all layers into one package.json. The version "host" becomes the exact version that the layers
 * are tested with. In `resolutions`, `parent/name` is the version of `name` that `parent` gets.
 *
 * @throws Error if two fragments disagree, or if the version for a "host" is unknown.
 */
export function mergeManifests(
  fragments: readonly { layer: string; manifest: unknown }[],
  versions: ReadonlyMap<string, string>,
): JsonObject {
  let merged: JsonObject = {}
  for (const { layer, manifest } of fragments) {
    if (!isJsonObject(manifest)) throw new Error(`${layer}/package.part.json is not an object`)
    try {
      merged = mergeObjects(merged, manifest)
    } catch (cause) {
      throw new Error(`package.part.json of ${layer} contradicts another layer`, { cause })
    }
  }
  const sorted = sortKeys(merged, keyOrder)
  for (const key of [...dependencyKeys, 'resolutions']) {
    const dependencies = sorted[key]
    if (isJsonObject(dependencies)) sorted[key] = resolveVersions(sortKeys(dependencies, []), versions)
  }
  for (const [key, order] of [
    ['scripts', scriptOrder],
    ['imports', []],
    ['engines', []],
  ] as const) {
    const value = sorted[key]
    if (isJsonObject(value)) sorted[key] = sortKeys(value, order)
  }
  if (isJsonObject(sorted.scripts)) sorted.scripts = joinSteps(sorted.scripts)
  return sorted
}

/** Joins the scripts that several layers contribute to: their parts are lists, and run one after the other. */
function joinSteps(scripts: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(scripts).map(([name, script]) => [
      name,
      Array.isArray(script) ? script.join(' && ') : script,
    ]),
  )
}

/** Returns the text of a package.json, formatted as npm does. */
export function manifestText(manifest: JsonObject): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

function resolveVersions(dependencies: JsonObject, versions: ReadonlyMap<string, string>): JsonObject {
  const resolved: JsonObject = {}
  for (const [path, version] of Object.entries(dependencies)) {
    const name = /(?:@[^/]+\/)?[^/]+$/.exec(path)?.[0] ?? path
    const hosted = version === 'host' ? versions.get(name) : version
    if (hosted === undefined) throw new Error(`templates/package.json has no version of ${name}`)
    resolved[path] = hosted
  }
  return resolved
}

function sortKeys(object: JsonObject, order: readonly string[]): JsonObject {
  const rank = (key: string): number => {
    const index = order.indexOf(key)
    return index < 0 ? order.length : index
  }
  const keys = Object.entries(object).sort(
    ([one], [other]) => rank(one) - rank(other) || (one < other ? -1 : 1),
  )
  return Object.fromEntries(keys)
}
