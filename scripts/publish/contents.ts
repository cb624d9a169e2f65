/** The files that belong in what is published: all of them, and no others. */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packedName } from '../../src/compose/packed.ts'
import { vendorFolder } from '../../src/packages.ts'
import { lazy } from '../bundle.ts'
import { packPackages } from '../packages.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Modules that a build replaces: the map of what was compiled is not theirs. */
const replaced = ['packages/engine/src/release', 'packages/server/src/page-files']
const papers = ['LICENSE', 'README.md', 'package.json']

/** Of the tool. */
export const toolFiles: readonly string[] = [
  ...papers,
  'dist/THIRD-PARTY-LICENSES.txt',
  'dist/index.js',
  ...lazy.map((name) => `dist/chunks/${basename(name)}.js`),
  `dist/${packedName}`,
]

/** Of the tool that carries the packages. */
export async function vendoredToolFiles(): Promise<string[]> {
  const packages = await packPackages()
  return [...toolFiles, ...packages.map(({ file }) => `dist/${vendorFolder}/${file}`)]
}

/** Of mlx-app: the sources, what they are compiled to, the documents, the locks that users need and the wheel. */
export async function engineFiles(): Promise<string[]> {
  const wheel = (await packPackages()).find(({ name }) => name === 'wheel')
  const locks = filesBelow('packages/engine/python', /^requirements(-(?!dev\b)\w+)?\.lock$/)
  return [
    ...papers,
    ...compiledFiles('packages/engine'),
    ...[...locks, ...(wheel === undefined ? [] : [wheel.file])].map((name) => `python/${name}`),
  ]
}

/** Of mlx-app-server. */
export const serverFiles = (): string[] => [...papers, ...compiledFiles('packages/server')]

/** Of the source distribution; uv also writes pyproject.toml as it was, by another name. */
export const sdistFiles = (): string[] => [
  'PKG-INFO',
  'pyproject.toml',
  'pyproject.toml.orig',
  ...filesBelow('packages/engine/python/src', /\.(py|json|jinja|safetensors|md)$/)
    .filter((path) => basename(path) !== 'protocol.schema.json')
    .map((path) => `src/${path}`),
]

function compiledFiles(folder: string): string[] {
  const sources = filesBelow(`${folder}/src`, /\.ts$/)
  const stems = sources.map((path) => path.slice(0, -'.ts'.length))
  const madeWithoutMap = ['.js', '.d.ts', '.d.ts.map']
  const made = [...madeWithoutMap, '.js.map']
  return [
    ...sources.map((path) => `src/${path}`),
    ...stems.flatMap((stem) => {
      const endings = replaced.includes(`${folder}/src/${stem}`) ? madeWithoutMap : made
      return endings.map((ending) => `dist/${stem}${ending}`)
    }),
    ...filesBelow(`${folder}/docs`, /\.md$/).map((path) => `docs/${path}`),
  ]
}

/** Paths of the files below a folder of this repository whose path fits, relative to it. */
function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((path) =>
    pattern.test(path),
  )
}
