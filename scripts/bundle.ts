import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules as nodeModules } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import fileSystem from 'fs-extra'
import { packedName } from '../src/compose/packed.ts'
import { hostVersions, readLayer } from '../src/compose/source-folder.ts'
import { vendorFolder } from '../src/packages.ts'
import { version } from '../src/version.ts'
import { carriedPackages } from './carried.ts'
import { layersByUse, packLayers } from './pack-layers.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const templatesDirectory = join(root, 'templates')

/** As in package.json, for npm. */
const supportedNode = '^20.19.0 || >=22.12.0'

/** Modules that index.ts imports when it needs them, each with a package or texts that not every run needs. */
export const lazy = ['terminal/colours', 'process/processes', 'terminal/prompt', 'models/catalogue']

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
 * Where the projects that a build of the tool makes get the packages of this repository: from files that the tool carries,
 * or, in a release, from npm's registry and the Python package index.
 */
export type PackageOrigin = 'vendor' | 'registry'

/**
 * Makes what is published: the tool as one small bin and some chunks that load when they are needed, and the
 * layers that the registry names, in one file, their Handlebars templates parsed.
 *
 * @param directory that it makes anew; a build that fails leaves what was there.
 */
export async function bundle(directory: string, origin: PackageOrigin = 'vendor'): Promise<void> {
  const carried = origin === 'vendor' ? await carriedPackages() : []
  const results = [
    await build({
      ...common,
      entryPoints: ['index.ts'],
      outdir: directory,
      banner: { js: refusalOfOldNode() },
      define: {
        CREATE_MLX_APP_VERSION: JSON.stringify(version),
        CREATE_MLX_APP_PACKED: 'true',
        CREATE_MLX_APP_VERSIONS: JSON.stringify(JSON.stringify([...hostVersions(templatesDirectory)])),
        CREATE_MLX_APP_CARRIED: JSON.stringify(
          JSON.stringify(carried.map(({ name, file }) => ({ name, file }))),
        ),
      },
      plugins: [lazyModules(), builtinModules()],
    }),
    await build({
      ...common,
      entryPoints: lazy.map((name) => `src/${name}.ts`),
      entryNames: '[name]',
      outdir: join(directory, 'chunks'),
      // Its index chooses between this and a copy for Node 6; both would be bundled.
      alias: { prompts: 'prompts/lib/index.js' },
      plugins: [unusedQuestions(), builtinModules()],
    }),
  ]
  const layers = await packLayers(layersByUse().map((name) => readLayer(templatesDirectory, name)))
  const inputs = results.flatMap((result) => Object.keys(result.metafile.inputs))

  // Only now, so that a build that fails leaves the last one.
  fileSystem.emptyDirSync(directory)
  for (const { path, contents } of results.flatMap((result) => result.outputFiles))
    fileSystem.outputFileSync(path, contents)
  fileSystem.outputFileSync(join(directory, packedName), layers)
  for (const { file, read } of carried) fileSystem.outputFileSync(join(directory, vendorFolder, file), read())
  fileSystem.outputFileSync(join(directory, 'THIRD-PARTY-LICENSES.txt'), licences(inputs))
  chmodSync(join(directory, 'index.js'), 0o755)
}

/** Runs before anything that an older Node does not have, and says what is needed instead of a stack. */
function refusalOfOldNode(): string {
  const message = `create-mlx-app needs Node ${supportedNode}; this one is `
  // As supportedNode says, in a form that declares no name and that any Node since 14 can read.
  const supported = /^(20\.(19|[2-9]\d)|22\.(1[2-9]|[2-9]\d)|2[3-9]|[3-9]\d|\d{3})\./
  return `if (!${supported}.test(process.versions.node)) { console.error(${JSON.stringify(message)} + process.version); process.exit(1) }`
}

/**
 * Leaves the lazy modules out of index.js, which then is one file that shares nothing with them: a shared
 * chunk would be one more file to load. The source of templates and packages is left out because both are packed.
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

/** Leaves the kinds of questions out of prompts that src/terminal/prompt.ts does not ask: a half of it. */
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
 * Gets the modules of Node by process.getBuiltinModule instead of by import. To import node:fs evaluates all
 * that it exports, so all of Node's streams are loaded to read a file. And it serves the require() of bundled
 * CommonJS packages, which an ES module does not have.
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

/** The text of a module with `import { join as j } from 'node:path'` as a `const` of the same names. */
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
