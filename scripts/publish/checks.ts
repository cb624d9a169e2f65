import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { z } from 'zod'
import { type PackedIndex, packedName, unpackLayers } from '../../src/compose/packed.ts'
import { lazy } from '../bundle.ts'

/** All that belongs in the package. */
const expected = [
  'LICENSE',
  'README.md',
  'dist/THIRD-PARTY-LICENSES.txt',
  ...lazy.map((name) => `dist/chunks/${basename(name)}.js`),
  'dist/index.js',
  `dist/${packedName}`,
  'package.json',
]

const manifestSchema = z.looseObject({ version: z.string(), bin: z.record(z.string(), z.string()) })
const dependencyKeys = ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies']

/**
 * What is wrong with an unpacked package; nothing when it may be published.
 *
 * @param folder with its package.json.
 */
export async function problemsOf(folder: string): Promise<string[]> {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  const problems = [...misplaced(folder)]
  for (const key of [...dependencyKeys, 'scripts'])
    if (key in manifest) problems.push(`package.json has ${key}: nothing is to be installed or run with it`)
  for (const path of Object.values(manifest.bin)) {
    const complaint = await complaintOfBin(join(folder, path), manifest.version)
    if (complaint !== undefined) problems.push(`${path} ${complaint}`)
  }
  const { messages } = await publint({ pkgDir: folder, strict: true })
  problems.push(...messages.map((message) => `publint: ${formatMessage(message, manifest) ?? message.code}`))
  return [...problems, ...(await leaks(folder, manifest.version))]
}

/** Files that are missing or too many. */
function misplaced(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = entries.filter((path) => statSync(join(folder, path)).isFile())
  return [
    ...expected.filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
    ...files.filter((path) => !expected.includes(path)).map((path) => `${path} does not belong in it`),
  ]
}

async function complaintOfBin(path: string, version: string): Promise<string | undefined> {
  try {
    accessSync(path, constants.X_OK)
  } catch {
    return 'is not executable'
  }
  if (!readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node\n')) return 'has no shebang of Node'
  const { stdout } = await execa(path, ['--version'], { reject: false })
  return stdout === version ? undefined : `--version says "${stdout}", not ${version}`
}

/** Names of the machine that built it, and tests that are of this repository alone. */
async function leaks(folder: string, version: string): Promise<string[]> {
  const texts = new Map<string, string>()
  for (const path of expected.filter((name) => !name.endsWith(packedName)))
    texts.set(path, readIfThere(join(folder, path))?.toString('utf8') ?? '')
  const packed = readIfThere(join(folder, 'dist', packedName))
  if (packed !== undefined) {
    const names = indexOf(packed).layers.map(({ name }) => name)
    for (const [name, { files }] of unpackLayers(packed, names, version)) {
      for (const [path, file] of files) {
        const text = file instanceof Uint8Array ? Buffer.from(file).toString('latin1') : JSON.stringify(file)
        texts.set(`${name}/${path}`, text)
      }
    }
  }
  const secrets = await namesOfThisMachine()
  return [...texts].flatMap(([path, text]) => [
    ...(/(^|\/)maintainers\//.test(path) ? [`${path} is a test of this repository alone`] : []),
    ...secrets.filter((secret) => text.includes(secret)).map((secret) => `${path} names ${secret}`),
  ])
}

/** The index of the packed layers. */
export function indexOf(packed: Buffer): PackedIndex {
  return JSON.parse(packed.toString('utf8', 0, packed.indexOf('\n')))
}

/** Paths of this machine, and the hosts that it installs from where they are not everybody's. */
async function namesOfThisMachine(): Promise<string[]> {
  const { stdout: registry } = await execa('npm', ['config', 'get', 'registry'])
  const addresses = [registry, ...indexVariables.map((name) => process.env[name])]
  const hosts = addresses.flatMap((address) =>
    address !== undefined && URL.canParse(address) ? new URL(address).hostname : [],
  )
  const home = homedir()
  return [
    fileURLToPath(new URL('../../', import.meta.url)).slice(0, -1),
    // The home of root is a path in containers too.
    ...(home === '/root' ? [] : [home]),
    ...hosts.filter((host) => !['localhost', '127.0.0.1', ''].includes(host)),
  ]
}

const indexVariables = ['UV_DEFAULT_INDEX', 'UV_INDEX_URL', 'PIP_INDEX_URL', 'npm_config_registry']

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    // That it is missing is told by its name.
    return undefined
  }
}
