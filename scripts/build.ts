import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import Handlebars from 'handlebars'
import { packedLayerName, packFiles } from '../src/compose/packed.ts'
import { hostVersions, readLayer, templateOptions } from '../src/compose/source-folder.ts'
import { packageManagers, templates } from '../src/options.ts'
import { sha256 } from '../src/project/record.ts'
import { version } from '../src/version.ts'

/**
 * Makes dist/: the tool as one small bin with chunks that load when they are needed, and the layers, each a
 * file, their Handlebars templates compiled. What is packed is all that the registry names.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const templatesDirectory = join(root, 'templates')

const layerNames = new Set(
  [...templates, ...packageManagers].flatMap((choice) => choice.layers).map((use) => use.layer),
)
const packedLayers = new Map<string, Uint8Array>()
const compiled = new Map<string, Map<string, string>>()
for (const name of layerNames) packLayer(name)

const { metafile, outputFiles } = await build({
  write: false,
  absWorkingDir: root,
  entryPoints: ['index.ts'],
  outdir: dist,
  bundle: true,
  splitting: true,
  minify: true,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  legalComments: 'none',
  logLevel: 'warning',
  define: {
    CREATE_MLX_APP_VERSION: JSON.stringify(version),
    CREATE_MLX_APP_PACKED: 'true',
  },
  // Its index chooses between this and a copy for Node 6; both would be bundled.
  alias: { prompts: 'prompts/lib/index.js' },
  plugins: [packedTemplates(), nodeModulesForRequire()],
})
// Only now, so that a build that fails leaves the last one.
rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, 'layers'), { recursive: true })
mkdirSync(join(dist, 'chunks'))
for (const { path, contents } of outputFiles) writeFileSync(path, contents)
for (const [name, packed] of packedLayers) writeFileSync(join(dist, 'layers', packedLayerName(name)), packed)
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences(Object.keys(metafile.inputs)))
chmodSync(join(dist, 'index.js'), 0o755)

function packLayer(name: string): void {
  const verbatim = new Map<string, Uint8Array>()
  const sources = new Map<string, string>()
  const layer = readLayer(templatesDirectory, name, (text, path) => {
    sources.set(path.slice(0, -'.hbs'.length), text)
    return Buffer.from(text)
  })
  for (const [path, file] of layer.files) {
    if (sources.has(path) || typeof file === 'function') continue
    verbatim.set(path, file)
  }
  const specifications = [...sources].map(
    ([path, text]) => [path, String(Handlebars.precompile(text, templateOptions))] as const,
  )
  compiled.set(name, new Map(specifications))
  packedLayers.set(name, packFiles(verbatim, sha256))
}

/** The module that src/compose/source-packed.ts imports: compiled templates and the versions of the host. */
function packedTemplates(): Plugin {
  return {
    name: 'packed-templates',
    setup(context) {
      context.onResolve({ filter: /^packed-templates$/ }, ({ path }) => ({ path, namespace: 'packed' }))
      context.onLoad({ filter: /.*/, namespace: 'packed' }, () => {
        const layers = [...compiled].map(([name, files]) => {
          const entries = [...files].map(([path, text]) => `${JSON.stringify(path)}: ${text}`)
          return `${JSON.stringify(name)}: { ${entries.join(',\n')} }`
        })
        const versions = JSON.stringify(Object.fromEntries(hostVersions(templatesDirectory)))
        return {
          contents: `export const templates = { ${layers.join(',\n')} }\nexport const versions = ${versions}\n`,
        }
      })
    },
  }
}

/**
 * Bundled CommonJS packages call require() for modules of Node, which an ES module does not have. Each such
 * module becomes an import, in the chunk that needs it.
 */
function nodeModulesForRequire(): Plugin {
  return {
    name: 'node-modules-for-require',
    setup(context) {
      context.onResolve(
        { filter: /^(node:)?(child_process|events|fs|path|readline|tty|os|util)$/ },
        (found) =>
          found.kind === 'require-call'
            ? { path: found.path.replace(/^(node:)?/, 'node:'), namespace: 'required' }
            : undefined,
      )
      context.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
        contents: `import module from '${path}'; export { module as 'module.exports' }`,
      }))
    },
  }
}

/** The licences of the packages that are bundled, as they ask to be passed on. */
function licences(inputs: readonly string[]): string {
  const packages = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  )
  const texts = [...packages].sort().map((folder) => {
    const directory = join(root, folder)
    const file = readdirSync(directory).find((name) => /^licen[cs]e/i.test(name))
    if (file === undefined) throw new Error(`${folder} has no licence file`)
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
    return `${name}\n${'-'.repeat(name.length)}\n${readFileSync(join(directory, file), 'utf8').trim()}\n`
  })
  return texts.join('\n')
}
