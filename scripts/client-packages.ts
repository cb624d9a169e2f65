/**
 * Installs the clients that the server is tested with: the OpenAI and Anthropic SDKs, the AI SDK and LangChain. They have their
 * own package.json and lock next to their tests, because they need a newer Node than this repository.
 */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { satisfies } from 'semver'
import { z } from 'zod'
import { nodeFolder } from '../test/support/node-binaries.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** The folder of the clients, relative to the repository. */
export const clientsPath = 'packages/server/test/clients'

const folder = join(root, clientsPath)
const installed = join(folder, 'node_modules')
const installedLock = join(installed, 'installed-lock')
/** The folder for temporary files. It is in node_modules, where tools don't look for files of this repository. */
const cacheFolder = join(root, 'node_modules', '.cache', 'create-mlx-app')

/** The Node version to use if the running one is too old for the clients. Other tests use it too. */
const newerNode = '24'

const manifestSchema = z.object({ engines: z.object({ node: z.string() }) })

/** Returns the path of a Node that the clients support: the running one, or a newer one that is installed if needed. */
export async function nodeForClients(): Promise<string> {
  if (await supportsClients(process.version)) return process.execPath
  return join(await nodeFolder(newerNode), 'node')
}

/** Whether the clients support a version of Node. @param version such as 'v20.19.0' */
export async function supportsClients(version: string): Promise<boolean> {
  const { engines } = manifestSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')))
  return satisfies(version, engines.node)
}

/** Installs the clients from their lock if they are missing or their lock has changed. */
export async function ensureClients(): Promise<void> {
  const lock = await readFile(join(folder, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex')
  if ((await installedHash()) === hash) return
  console.error('  Installing the clients that the server is tested with')
  await mkdir(cacheFolder, { recursive: true })
  const making = await mkdtemp(join(cacheFolder, 'clients-'))
  try {
    for (const name of ['package.json', 'package-lock.json', '.npmrc'])
      await copyFile(join(folder, name), join(making, name))
    const path = [dirname(await nodeForClients()), process.env.PATH].join(delimiter)
    await execa('npm', ['ci'], { cwd: making, env: { PATH: path }, stdio: ['ignore', 'ignore', 'inherit'] })
    await writeFile(join(making, 'node_modules', 'installed-lock'), hash)
    await rm(installed, { recursive: true, force: true })
    await rename(join(making, 'node_modules'), installed).catch(async (error: unknown) => {
      // Another process may have installed the same clients first.
      if ((await installedHash()) !== hash) throw error
    })
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

/** Returns the hash of the lock that the clients were installed from, or undefined if they are not installed. */
async function installedHash(): Promise<string | undefined> {
  try {
    return await readFile(installedLock, 'utf8')
  } catch {
    // They were never installed, or not completely.
    return undefined
  }
}
