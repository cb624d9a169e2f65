import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { z } from 'zod'
import { type PackedIndex, packedName, unpackLayers } from '../../src/compose/packed.ts'
import { repositoryKeys } from './manifest.ts'

/** The requirements for an unpacked package. */
export interface Expected {
  /** The paths of all files. */
  files: readonly string[]
  /** The keys that package.json must have. */
  keys: readonly string[]
  /** The keys that package.json must not have, in addition to those that are only used in this repository. */
  noKeys: readonly string[]
  /** An argument for the bins, and the output that it must give. */
  start: { argument: string; prints: (version: string) => RegExp }
}

/** The keys of package.json that make npm install other packages. */
export const dependencyKeys = [
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'bundleDependencies',
]

const manifestSchema = z.looseObject({ version: z.string(), bin: z.record(z.string(), z.string()) })

/**
 * Returns what is wrong with an unpacked package.
 *
 * @param folder the folder of the package, where its bins can find its dependencies.
 */
export async function findProblems(folder: string, expected: Expected): Promise<string[]> {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  const problems = fileProblems(folder, expected.files)
  for (const key of expected.keys) if (!(key in manifest)) problems.push(`package.json has no ${key}`)
  for (const key of [...expected.noKeys, ...repositoryKeys])
    if (key in manifest) problems.push(`package.json has ${key}, which does not belong in it`)
  for (const path of Object.values(manifest.bin)) {
    const complaint = await binProblem(join(folder, path), expected.start, manifest.version)
    if (complaint !== undefined) problems.push(`${path} ${complaint}`)
  }
  const { messages } = await publint({ pkgDir: folder, strict: true })
  problems.push(...messages.map((message) => `publint: ${formatMessage(message, manifest) ?? message.code}`))
  return [...problems, ...(await findLeaks(folder, manifest.version))]
}

/** Returns a line for each missing and each unexpected file in a folder. */
export function fileProblems(folder: string, expected: readonly string[]): string[] {
  const files = filesBelow(folder)
  return [
    ...expected.filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
    ...files.filter((path) => !expected.includes(path)).map((path) => `${path} does not belong in it`),
  ]
}

async function binProblem(
  path: string,
  { argument, prints }: Expected['start'],
  version: string,
): Promise<string | undefined> {
  try {
    accessSync(path, constants.X_OK)
  } catch {
    return 'is not executable'
  }
  if (!readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node\n')) return 'has no shebang for Node'
  // Clears NODE_OPTIONS, with which it would use the sources of this repository.
  const { stdout, stderr } = await execa(path, [argument], { reject: false, env: { NODE_OPTIONS: '' } })
  return prints(version).test(stdout) ? undefined : `${argument} prints "${stdout}${stderr}"`
}

/** Returns a line for each file that contains names of this machine. @param version the version of the tool. */
export async function findLeaks(folder: string, version: string): Promise<string[]> {
  const texts = new Map<string, string>()
  for (const path of filesBelow(folder)) {
    const bytes = readFileSync(join(folder, path))
    if (basename(path) !== packedName) texts.set(path, bytes.toString('latin1'))
    else for (const [name, text] of textsOfLayers(bytes, version)) texts.set(name, text)
  }
  const secrets = await namesOfThisMachine()
  return [...texts].flatMap(([path, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${path} contains ${secret}`),
  )
}

function* textsOfLayers(packed: Buffer, version: string): Generator<[string, string]> {
  const names = readLayerIndex(packed).layers.map(({ name }) => name)
  for (const [name, { files }] of unpackLayers(packed, names, version)) {
    for (const [path, file] of files)
      yield [
        `${name}/${path}`,
        file instanceof Uint8Array ? Buffer.from(file).toString('latin1') : JSON.stringify(file),
      ]
  }
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return entries.filter((path) => statSync(join(folder, path)).isFile())
}

/** Returns the index of the packed layers. */
export function readLayerIndex(packed: Buffer): PackedIndex {
  return JSON.parse(packed.toString('utf8', 0, packed.indexOf('\n')))
}

/** Returns paths of this machine, and the hosts of the registries that it is configured with. */
async function namesOfThisMachine(): Promise<string[]> {
  const { stdout: registry } = await execa('npm', ['config', 'get', 'registry'])
  const addresses = [registry, ...indexVariables.map((name) => process.env[name])]
  const hosts = addresses.flatMap((address) =>
    address !== undefined && URL.canParse(address) ? new URL(address).hostname : [],
  )
  const home = homedir()
  return [
    fileURLToPath(new URL('../../', import.meta.url)).slice(0, -1),
    // /root may also be named as the home folder in containers.
    ...(home === '/root' ? [] : [home]),
    ...hosts.filter((host) => !['localhost', '127.0.0.1', ''].includes(host)),
  ]
}

const indexVariables = ['UV_DEFAULT_INDEX', 'UV_INDEX_URL', 'PIP_INDEX_URL', 'npm_config_registry']
