import type { RenderContext } from './context.ts'
import type { Layer, LayerFile } from './layers.ts'
import { manifestText, mergeManifests } from './manifest.ts'
import { joinSections, type Section, sectionOf } from './sections.ts'
import { render } from './template.ts'

/** Names that npm pack or git would treat specially in the folders of the layers. */
const storedNames: ReadonlyMap<string, string> = new Map([
  ['_gitignore', '.gitignore'],
  ['_gitattributes', '.gitattributes'],
  ['_npmrc', '.npmrc'],
  ['_uv-versions', 'uv.lock'],
  ['_biome.json', 'biome.json'],
])

/** The placeholder in paths for the name of the project's own Python package. */
const packageFolder = '_package_'

const manifestName = 'package.part.json'

/**
 * Composes layers into the files of a project, sorted by path (with `/`). It has no side effects.
 *
 * @throws Error if two layers write the same path or disagree about a key of package.json. This is a bug in the
 * templates, which their tests find.
 */
export function compose(
  layers: readonly Layer[],
  context: RenderContext,
  versions: ReadonlyMap<string, string>,
): Map<string, Uint8Array> {
  const files = new Map<string, { bytes: Uint8Array; layer: string }>()
  const manifests: { layer: string; manifest: unknown }[] = []
  const sections: Section[] = []

  const add = (path: string, bytes: Uint8Array, layer: string): void => {
    const other = files.get(path)
    if (other !== undefined) throw new Error(`Two layers write ${path}: ${other.layer} and ${layer}`)
    files.set(path, { bytes, layer })
  }

  for (const layer of layers) {
    for (const [path, file] of layer.files) {
      const section = sectionOf(path)
      if (path === manifestName) {
        manifests.push({ layer: layer.name, manifest: JSON.parse(textOf(file, context)) })
      } else if (section !== undefined) {
        sections.push({ ...section, layer: layer.name, text: textOf(file, context) })
      } else {
        add(emittedPath(path, context), bytesOf(file, context), layer.name)
      }
    }
  }
  if (manifests.length > 0) {
    add('package.json', encode(manifestText(mergeManifests(manifests, versions))), 'the manifests')
  }
  for (const [path, text] of joinSections(sections)) add(path, encode(text), 'the sections')

  refuseCaseClashes(files.keys())
  const sorted = [...files].sort(([one], [other]) => (one < other ? -1 : 1))
  return new Map(sorted.map(([path, { bytes }]) => [path, bytes]))
}

/** Returns the path in the project of a file of a layer. */
export function emittedPath(path: string, { pythonPackage }: Pick<RenderContext, 'pythonPackage'>): string {
  return path
    .split('/')
    .map((name) => (name === packageFolder ? pythonPackage : (storedNames.get(name) ?? name)))
    .join('/')
}

function bytesOf(file: LayerFile, context: RenderContext): Uint8Array {
  return file instanceof Uint8Array ? file : encode(textOf(file, context))
}

function textOf(file: LayerFile, context: RenderContext): string {
  return file instanceof Uint8Array ? Buffer.from(file).toString('utf8') : render(file, context)
}

function encode(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

/** @throws Error if two names differ only in case: they are the same file on macOS and Windows. */
function refuseCaseClashes(paths: Iterable<string>): void {
  const seen = new Map<string, string>()
  for (const path of paths) {
    const other = seen.get(path.toLowerCase())
    if (other !== undefined) throw new Error(`${other} and ${path} differ only in case`)
    seen.set(path.toLowerCase(), path)
  }
}
