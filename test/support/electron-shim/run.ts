/**
 * Runs an app in the shim: `node run.ts APP [FLAG...]`. APP is the program of a packaged app, which itself is not started, or
 * the folder of a built one. Flags are passed on to Chromium, as Electron does.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

type Resolved = { url: string; shortCircuit?: boolean }

/** What Node 22 has and the types of Node 20 lack. Unlike `register`, it also covers `require`. */
declare module 'node:module' {
  function registerHooks(hooks: {
    resolve(name: string, context: object, next: (name: string, context: object) => Resolved): Resolved
  }): void
}

const manifestSchema = z.object({
  name: z.string(),
  productName: z.string().optional(),
  version: z.string(),
  main: z.string(),
})

const [, , given] = process.argv
if (given === undefined) throw new Error('Usage: node run.ts APP [FLAG...]')
const target = resolve(given)
const isPackaged = statSync(target).isFile()
if (isPackaged) process.argv.splice(1, 2)
else process.argv.splice(1, 1)

const electron = new URL('electron.ts', import.meta.url).href
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron'
      ? { url: electron, shortCircuit: true }
      : next(name === 'original-fs' ? 'node:fs' : name, context),
})
Object.assign(process.versions, { electron: '45.0.0', chrome: '0.0.0.0' })
Object.assign(process, { type: 'browser' })

const { app } = await import('./app.ts')
await import('./electron.ts')
const folder = isPackaged ? unpack(join(dirname(target), 'resources')) : target
const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
app.describe({ folder, isPackaged, version: manifest.version, name: manifest.productName ?? manifest.name })
await import(pathToFileURL(join(folder, manifest.main)).href)
void app.whenReady()

/** Unpacks app.asar, because Node can't read it in place. Returns the folder. */
function unpack(resources: string): string {
  Object.assign(process, { resourcesPath: resources })
  // electron-builder brings it.
  const asar: { extractAll(archive: string, folder: string): void } =
    createRequire(resources)('@electron/asar')
  const unpacked = mkdtempSync(join(tmpdir(), 'electron-shim-'))
  process.on('exit', () => rmSync(unpacked, { recursive: true, force: true }))
  asar.extractAll(join(resources, 'app.asar'), unpacked)
  return unpacked
}
