/** The files that each published package must contain. */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packedName } from '../../src/compose/packed.ts'
import { vendorFolder } from '../../src/packages.ts'
import { lazy } from '../bundle.ts'
import { packPackages } from '../packages.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Modules that a build replaces, which have no source map. */
const replaced = ['packages/engine/src/release', 'packages/server/src/page-files']
const rootFiles = ['LICENSE', 'README.md', 'package.json']

/** The files of the released tool. */
export const toolFiles: readonly string[] = [
  ...rootFiles,
  'dist/THIRD-PARTY-LICENSES.txt',
  'dist/index.js',
  ...lazy.map((name) => `dist/chunks/${basename(name)}.js`),
  `dist/${packedName}`,
]

/** Returns the files of the tool from a checkout, which includes the packages. */
export async function vendoredToolFiles(): Promise<string[]> {
  const packages = await packPackages()
  return [...toolFiles, ...packages.map(({ file }) => `dist/${vendorFolder}/${file}`)]
}

/** Returns the files of mlx-app: sources, compiled modules, docs, locks and the wheel. */
export async function engineFiles(): Promise<string[]> {
  const wheel = (await packPackages()).find(({ name }) => name === 'wheel')
  const locks = filesBelow('packages/engine/python', /^requirements(-(?!dev\b)\w+)?\.lock$/)
  return [
    ...rootFiles,
    ...compiledFiles('packages/engine'),
    ...[...locks, ...(wheel === undefined ? [] : [wheel.file])].map((name) => `python/${name}`),
  ]
}

/** Returns the files of mlx-app-server. */
export const serverFiles = (): string[] => [...rootFiles, ...compiledFiles('packages/server')]

/** Returns the files of the source distribution. uv keeps the original pyproject.toml under another name. */
export const sdistFiles = (): string[] => [
  'LICENSE',
  'PKG-INFO',
  'README.md',
  'pyproject.toml',
  'pyproject.toml.orig',
  ...moduleFiles().map((path) => `src/${path}`),
]

/** Returns the files of the wheel, which are in the folder of the module or describe it. */
export function wheelFiles(version: string): string[] {
  const about = ['METADATA', 'RECORD', 'WHEEL', 'entry_points.txt', 'licenses/LICENSE']
  return [...moduleFiles(), ...about.map((name) => `mlx_app-${version}.dist-info/${name}`)]
}

function moduleFiles(): string[] {
  const files = filesBelow(
    'packages/engine/python/src',
    /\.(py|typed|json|jinja|safetensors|md|html|css|js|svg)$/,
  )
  return files.filter((path) => basename(path) !== 'protocol.schema.json')
}

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

/** Returns the relative paths of the files in a folder and its subfolders that match a pattern. */
function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((path) =>
    pattern.test(path),
  )
}
