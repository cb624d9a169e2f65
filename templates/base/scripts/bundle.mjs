/**
 * Bundles src/main.ts into dist/main.js, which runs on Node with the production dependencies:
 *
 *   node scripts/bundle.mjs
 *   node scripts/bundle.mjs --run arguments of the program
 *
 * With --run it starts the program too. `npm start` does that because it is about twice as fast as a TypeScript loader.
 * Run it in the folder of the project, as package managers do.
 */
import { spawnSync } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = process.cwd()
const program = join(root, 'dist', 'main.js')
// Moved into place when it is complete: several starts at once never read half a file.
const made = join(root, 'dist', `main.${process.pid}.js`)

// The command, because loading esbuild's API takes longer than the bundling.
const { status, error } = spawnSync(
  'esbuild',
  [
    'src/main.ts',
    '--bundle',
    '--packages=external',
    '--platform=node',
    '--target=node20',
    '--format=esm',
    '--log-level=warning',
    `--outfile=${made}`,
  ],
  {
    cwd: root,
    env: { ...process.env, PATH: [...binFolders(root), process.env.PATH].join(delimiter) },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  },
)
if (error !== undefined)
  console.error(`esbuild could not be run: ${error.message}\nInstall the packages of this project first.`)
if (status === 0) renameSync(made, program)
else rmSync(made, { force: true })
if (status !== 0) process.exit(status ?? 1)

if (process.argv[2] === '--run') {
  endWithShell()
  process.argv.splice(1, 2, program)
  await import(pathToFileURL(program).href)
} else {
  console.log('dist/main.js')
}

/**
 * Package managers run a script in a shell and pass signals to it. `sh` dies of them and tells nobody: the program would go on,
 * and keep its port. So it sends SIGTERM to itself when its shell is gone.
 */
function endWithShell() {
  if (process.env.npm_lifecycle_event === undefined) return
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, 200)
  timer.unref()
  // Where all of them got the signal, the program knows already, and would take another one for impatience.
  const told = () => clearInterval(timer)
  process.on('newListener', (name, listener) => {
    if (name === 'SIGTERM' && listener !== told) process.once(name, told)
  })
}

/** Where package managers put commands: in the project, or above it when it is part of a workspace. */
function binFolders(folder) {
  const bin = join(folder, 'node_modules', '.bin')
  const parent = dirname(folder)
  return parent === folder ? [bin] : [bin, ...binFolders(parent)]
}
