/**
 * Builds the page, web/ into dist/web, where that is missing or older than its sources. `npm start` imports it before
 * the server begins. Without Vite, which is there for development alone, the page stays as it is.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = process.cwd()
const sources = join(root, 'web')
const page = join(root, 'dist', 'web')

if (existsSync(sources) && changedAt(sources) > builtAt()) build()

/** When the newest file of a folder was changed. */
function changedAt(folder) {
  const times = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    // Older versions of Node 20 have `path` alone, newer ones of Node `parentPath` alone.
    .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs)
  return Math.max(0, ...times)
}

function builtAt() {
  const index = join(page, 'index.html')
  return existsSync(index) ? statSync(index).mtimeMs : 0
}

function build() {
  const vite = viteProgram()
  if (vite === undefined) {
    console.error('Vite is not installed, so the chat page was not built. Run: npm install')
    return
  }
  console.error('Building the chat page ...')
  // Moved into place when it is whole: a server that runs, or starts too, never shows half of it.
  const made = join(root, 'dist', `.web-${process.pid}`)
  mkdirSync(dirname(made), { recursive: true })
  const { status } = spawnSync(
    process.execPath,
    [vite, 'build', sources, '--outDir', made, '--emptyOutDir', '--logLevel', 'warn'],
    // Standard output is the server's.
    { cwd: root, stdio: ['ignore', 2, 2] },
  )
  if (status === 0) {
    rmSync(page, { recursive: true, force: true })
    renameSync(made, page)
    return
  }
  rmSync(made, { recursive: true, force: true })
  console.error('The chat page could not be built; the API works without it.')
}

function viteProgram() {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('vite/package.json')
    return join(dirname(manifest), 'bin', 'vite.js')
  } catch {
    // It is not there.
    return undefined
  }
}
