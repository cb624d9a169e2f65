import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules as nodeModules } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import fileSystem from 'fs-extra'
import { allLayers } from '../src/choices.ts'
import { packedName } from '../src/compose/packed.ts'
import { hostVersions, readLayer } from '../src/compose/source-folder.ts'
import { vendorFolder } from '../src/packages.ts'
import { version } from '../src/version.ts'
import { carriedPackages, wheelSha256 } from './carried.ts'
import { packLayers } from './pack-layers.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const templatesDirectory = join(root, 'templates')

/** The Node versions in package.json. */
const supportedNode = '^20.19.0 || >=22.12.0'

/** Modules that index.ts imports on demand, because not every run needs them. */
export const lazy = [
  'terminal/colours',
  'process/processes',
  'terminal/prompt',
  'models/catalogue',
  'machine/workspace-lists',
]

const common = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  minify: true,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  logLevel: 'warning',
} as const

/**
 * Where created projects get the packages of this repository from: from files in the tool, or, in a release, from the npm
 * registry and the Python package index.
 */
export type PackageOrigin = 'vendor' | 'registry'

/**
 * Builds the tool as a small bin, chunks that load on demand, and one file with all layers and their parsed Handlebars
 * templates.
 *
 * @param directory the output folder, which is replaced. A build that fails leaves it as it was.
 */
export async function bundle(directory: string, origin: PackageOrigin = 'vendor'): Promise<void> {
  const carried = origin === 'vendor' ? await carriedPackages() : []
  const results = [
    await build({
      ...common,
      entryPoints: ['index.ts'],
      outdir: directory,
      banner: { js: nodeVersionCheck() },
      define: {
        CREATE_MLX_APP_VERSION: JSON.stringify(version),
        CREATE_MLX_APP_PACKED: 'true',
        CREATE_MLX_APP_VERSIONS: JSON.stringify(JSON.stringify([...hostVersions(templatesDirectory)])),
        CREATE_MLX_APP_CARRIED: JSON.stringify(
          JSON.stringify(carried.map(({ name, file }) => ({ name, file }))),
        ),
        CREATE_MLX_APP_WHEEL_SHA256: JSON.stringify(await wheelSha256()),
      },
      plugins: [lazyModules(), builtinModules()],
    }),
    await build({
      ...common,
      entryPoints: lazy.map((name) => `src/${name}.ts`),
      entryNames: '[name]',
      outdir: join(directory, 'chunks'),
      // The index of prompts chooses between this file and a copy for Node 6, and both would be bundled.
      alias: { prompts: 'prompts/lib/index.js' },
      plugins: [unusedQuestions(), builtinModules()],
    }),
  ]
  const layers = packLayers(allLayers().map((name) => readLayer(templatesDirectory, name)))
  const inputs = results.flatMap((result) => Object.keys(result.metafile.inputs))

  // Happens last, so that a build that fails leaves the previous one.
  fileSystem.emptyDirSync(directory)
  for (const { path, contents } of results.flatMap((result) => result.outputFiles))
    fileSystem.outputFileSync(path, contents)
  fileSystem.outputFileSync(join(directory, packedName), layers)
  for (const { file, read } of carried) fileSystem.outputFileSync(join(directory, vendorFolder, file), read())
  fileSystem.outputFileSync(join(directory, 'THIRD-PARTY-LICENSES.txt'), licences(inputs))
  chmodSync(join(directory, 'index.js'), 0o755)
}

/** Returns code that checks the Node version before anything else runs, and prints what is needed. */
function nodeVersionCheck(): string {
  const message = `create-mlx-app needs Node ${supportedNode}; this one is `
  // Matches supportedNode. It declares no names, and any Node since 14 can parse it.
  const supported = /^(20\.(19|[2-9]\d)|22\.(1[2-9]|[2-9]\d)|2[3-9]|[3-9]\d|\d{3})\./
  return `if (!${supported}.test(process.versions.node)) { console.error(${JSON.stringify(message)} + process.version); process.exit(1) }`
}

/**
 * Keeps the lazy modules out of index.js. They share no chunk with it, because that would be one more file to load. The
 * modules that read templates and packages from the sources are excluded, because both are packed.
 */
function lazyModules(): Plugin {
  return {
    name: 'lazy-modules',
    setup(context) {
      context.onResolve(
        { filter: new RegExp(`/(${lazy.map((name) => basename(name)).join('|')})\\.ts$`) },
        ({ path }) => ({
          path: `./chunks/${basename(path, '.ts')}.js`,
          external: true,
        }),
      )
      context.onResolve({ filter: /\/(source-folder|scripts\/carried)\.ts$/ }, ({ path }) => ({
        path,
        external: true,
      }))
    },
  }
}

/** Excludes the types of prompts that src/terminal/prompt.ts does not use, which are half of the package. */
function unusedQuestions(): Plugin {
  const unused = /^\.\/(autocomplete|autocompleteMultiselect|confirm|date|number|toggle)$/
  return {
    name: 'unused-questions',
    setup(context) {
      context.onResolve({ filter: unused }, ({ path, importer }) =>
        /[/\\]prompts[/\\]lib[/\\]elements[/\\]index\.js$/.test(importer)
          ? { path, namespace: 'unused' }
          : undefined,
      )
      context.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
        contents: 'module.exports = undefined',
      }))
    },
  }
}

/**
 * Replaces imports of Node's modules by process.getBuiltinModule. Importing node:fs evaluates all of its exports, which loads
 * all of Node's streams. This also replaces require() in bundled CommonJS packages, which ES modules don't have.
 */
function builtinModules(): Plugin {
  return {
    name: 'builtin-modules',
    setup(context) {
      context.onLoad({ filter: /[/\\](src[/\\].*|index)\.ts$/ }, ({ path }) => {
        const source = readFileSync(path, 'utf8')
        return { contents: withoutNodeImports(source), loader: 'ts', resolveDir: dirname(path) }
      })
      const names = nodeModules.filter((name) => !name.startsWith('_')).join('|')
      context.onResolve({ filter: new RegExp(`^(node:)?(${names})$`) }, ({ path, kind }) => {
        if (kind === 'dynamic-import') return undefined
        return { path: path.replace(/^(node:)?/, 'node:'), namespace: 'builtin' }
      })
      context.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('${path}')`,
      }))
    },
  }
}

/** Rewrites imports such as `import { join as j } from 'node:path'` to a `const` with the same names. */
function withoutNodeImports(source: string): string {
  return source
    .replace(/^import \{([^}]*)\} from '(node:\w+)'$/gm, (_, names: string, module: string) => {
      const values = names.split(',').filter((name) => name.trim() !== '' && !/^\s*type\s/.test(name))
      return `const {${values.join(',').replaceAll(' as ', ': ')}} = process.getBuiltinModule('${module}')`
    })
    .replace(
      /^import \* as (\w+) from '(node:\w+)'$/gm,
      (_, name: string, module: string) => `const ${name} = process.getBuiltinModule('${module}')`,
    )
}

/** Returns the licences of the bundled packages, which must be distributed with them. */
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
