/**
 * Bundles programs, src/main.ts into dist/main.js, so that they need Node and nothing of node_modules:
 *
 *   node scripts/bundle.mjs src/main.ts src/other.ts
 *   node scripts/bundle.mjs src/main.ts --run arguments of the program
 *
 * With --run it runs the first one too: `npm start`, which so begins twice as fast as through a loader for TypeScript.
 * It is started in the folder of the project, as package managers do.
 */
import { spawnSync } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const given = process.argv.slice(2)
const at = given.indexOf('--run')
const entries = at === -1 ? given : given.slice(0, at)
const programs = entries.map((entry) => `${basename(entry, '.ts')}.js`)
const root = process.cwd()
const dist = join(root, 'dist')
// Moved into place when they are whole: several starts at once never read half a file.
const made = join(dist, `.made-${process.pid}`)
// Packages that are CommonJS load parts of Node by `require`, which ES modules lack. Without a blank, which a shell
// would cut it at.
const banner = "import{createRequire}from'node:module';var[require]=[createRequire(import.meta.url)]"

// The command, because esbuild's API takes a third of a second longer.
const { status, error } = spawnSync(
  'esbuild',
  [
    ...entries,
    '--bundle',
    '--platform=node',
    '--target=node20',
    '--format=esm',
    '--log-level=warning',
    `--banner:js=${banner}`,
    `--outdir=${made}`,
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
if (status === 0) for (const program of programs) renameSync(join(made, program), join(dist, program))
rmSync(made, { recursive: true, force: true })
if (status !== 0) process.exit(status ?? 1)

if (at === -1) {
  for (const program of programs) console.log(`dist/${program}`)
} else {
  endWithShell()
  const first = join(dist, programs[0])
  process.argv.splice(1, process.argv.length, first, ...given.slice(at + 1))
  await import(pathToFileURL(first).href)
}

/**
 * Package managers run a script in a shell and pass signals to it, of which `sh` dies and tells nobody: the program would go
 * on, and keep its port. So it sends SIGTERM to itself when its shell is gone.
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
  // Where all of them got the signal, the program is told already, and would take another one for impatience.
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
