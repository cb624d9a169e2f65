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

/** What an unpacked package must be like. */
export interface Expected {
  /** Paths of all files. */
  files: readonly string[]
  /** Keys that package.json must have. */
  keys: readonly string[]
  /** Keys that it must not have, beside those for work on this repository. */
  noKeys: readonly string[]
  /** What its bins are started with, and what they print then. */
  start: { argument: string; prints: (version: string) => RegExp }
}

/** Keys by which a package brings others. */
export const dependencyKeys = [
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'bundleDependencies',
]

const manifestSchema = z.looseObject({ version: z.string(), bin: z.record(z.string(), z.string()) })

/**
 * What is wrong with an unpacked package; nothing when it may be published.
 *
 * @param folder with its package.json, where its bins find what it depends on.
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

/** Files of a folder that are missing or too many. */
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
  if (!readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node\n')) return 'has no shebang of Node'
  // As a user starts it, not with the sources of this repository.
  const { stdout, stderr } = await execa(path, [argument], { reject: false, env: { NODE_OPTIONS: '' } })
  return prints(version).test(stdout) ? undefined : `${argument} says "${stdout}${stderr}"`
}

/** Names of the machine that built it. @param version of the tool, where the folder has it. */
export async function findLeaks(folder: string, version: string): Promise<string[]> {
  const texts = new Map<string, string>()
  for (const path of filesBelow(folder)) {
    const bytes = readFileSync(join(folder, path))
    if (basename(path) !== packedName) texts.set(path, bytes.toString('latin1'))
    else for (const [name, text] of textsOfLayers(bytes, version)) texts.set(name, text)
  }
  const secrets = await namesOfThisMachine()
  return [...texts].flatMap(([path, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${path} names ${secret}`),
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

/** The index of the packed layers. */
export function readLayerIndex(packed: Buffer): PackedIndex {
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
