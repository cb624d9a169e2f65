/**
 * Updates the Python locks from packages/engine/python/pyproject.toml and from the template `python`, and the npm locks from each
 * package.json. The Python locks have exact versions and hashes for every platform that MLX has wheels for. They name no index, so
 * that mirrors work. No package in the locks was published after the date in lock-date.txt.
 *
 *   npm run locks                after a change of pyproject.toml or package.json; keeps all other versions
 *   npm run locks -- --upgrade   takes the newest versions and sets lock-date.txt to now
 *   npm run locks -- --check     writes nothing, and exits with 1 if a file would change
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import type { WheelTarget } from '../packages/engine/src/setup/machine/wheel-tags.ts'
import { startRegistry } from '../test/support/registry.ts'
import { obtainUv } from './environment.ts'
import { dateText, lockDate, writeLockDate } from './lock-date.ts'
import { fileNames, keepUsableHashes, targetsOn } from './lock-files.ts'
import {
  constraintsOf,
  constraintsToKeep,
  lockText,
  packagesOnlyIn,
  uvProject,
  withConstraints,
  withCuda,
} from './lock-text.ts'
import { lockedFolders, npmLock } from './npm-locks.ts'
import { projectLocks } from './project-locks.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const pythonDirectory = join(root, 'packages', 'engine', 'python')

const everySystem: WheelTarget['system'][] = ['linux', 'darwin']

const { values: flags } = parseArgs({
  options: { upgrade: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
})

const date = flags.upgrade ? new Date() : lockDate()
const uv = await obtainUv()
const folder = await mkdtemp(join(tmpdir(), 'mlx-app-locks-'))
try {
  const source = await readFile(join(pythonDirectory, 'pyproject.toml'), 'utf8')
  await resolve(withConstraints(source, flags.upgrade ? [] : constraintsToKeep(source)))
  const main = lockText(
    await exportLock(['--no-dev'], everySystem),
    'uv export --no-dev --no-emit-project -o requirements.lock',
    everySystem,
  )
  const dev = lockText(
    await exportLock(['--only-group', 'dev'], everySystem),
    'uv export --only-group dev -o requirements-dev.lock',
    everySystem,
  )
  const vision = await lockOfExtra('vision')
  const server = await lockOfExtra('server')
  const locks = [main, dev, vision, server]
  const pyproject = withConstraints(source, constraintsOf(locks))

  // The same versions, with NVIDIA's libraries instead of the CPU's.
  const nvidia = flags.upgrade ? [] : constraintsOf([await lockNamed('requirements-cuda.lock')])
  const held = nvidia.filter((constraint) => constraint.startsWith('nvidia-'))
  await resolve(withCuda(withConstraints(source, [...constraintsOf(locks), ...held])))
  const cuda = lockText(
    await exportLock(['--no-dev'], ['linux']),
    'uv export --no-dev --no-emit-project -o requirements-cuda.lock, with mlx[cuda12] in place of mlx[cpu]',
    ['linux'],
  )

  // uv itself, for a machine that has only pip.
  await resolve(uvProject(flags.upgrade ? undefined : await lockedUv()))
  const uvText = lockText(
    await exportLock([], everySystem),
    'npm run locks, in the repository of create-mlx-app',
    everySystem,
  )

  const ofProjects = await projectLocks(
    { resolve, exportLock },
    {
      engineLocks: [...locks, cuda],
      engine: pythonDirectory,
      systems: everySystem,
      upgrade: flags.upgrade,
    },
  )

  const files = {
    'pyproject.toml': pyproject,
    'requirements.lock': main,
    'requirements-dev.lock': dev,
    'requirements-vision.lock': vision,
    'requirements-server.lock': server,
    'requirements-cuda.lock': cuda,
    'requirements-uv.lock': uvText,
  }
  let changed = 0
  for (const [name, text] of Object.entries(files)) {
    if (await write(join(pythonDirectory, name), text)) changed++
  }
  for (const [path, text] of ofProjects) {
    if (await write(join(root, 'templates', path), text)) changed++
  }
  await using registry = await startRegistry({ tarballs: [], date, standIns: false })
  for (const npmFolder of lockedFolders) {
    const text = await npmLock(npmFolder, { upgrade: flags.upgrade, registry: registry.url })
    if (await write(join(root, npmFolder, 'package-lock.json'), text)) changed++
  }
  // The date is updated with the locks, because tests ignore newer packages.
  if (flags.upgrade && !flags.check) writeLockDate(date)
  if (changed === 0) console.log('The locks are up to date.')
  if (flags.check && changed > 0) process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Writes a file if it has changed. With --check, only prints that it has. @returns whether it has changed. */
async function write(path: string, text: string): Promise<boolean> {
  if ((await textOf(path)) === text) return false
  const name = relative(root, path)
  console.log(flags.check ? `${name} is out of date. Run: npm run locks` : `Wrote ${name}`)
  if (!flags.check) await writeFile(path, text)
  return true
}

/** Returns a lock with only what an extra adds, because it is installed in addition to any other lock. */
async function lockOfExtra(extra: string): Promise<string> {
  return lockText(
    packagesOnlyIn(
      await exportLock(['--no-dev', '--extra', extra], everySystem),
      await exportLock(['--no-dev'], everySystem),
    ),
    `npm run locks, from uv export --no-dev --extra ${extra}, without what is in requirements.lock`,
    everySystem,
  )
}

/** Resolves a pyproject.toml in a temporary folder, for all environments in its [tool.uv]. */
async function resolve(pyproject: string): Promise<void> {
  await writeFile(join(folder, 'pyproject.toml'), pyproject)
  await rm(join(folder, 'uv.lock'), { force: true })
  // Without a deployment target, uv assumes macOS 13, which MLX no longer has wheels for.
  const { failed } = await execa(uv, ['lock', '--quiet', '--exclude-newer', dateText(date)], {
    reject: false,
    cwd: folder,
    env: { MACOSX_DEPLOYMENT_TARGET: '14.0' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (failed)
    throw new Error(
      'uv found no compatible versions. To allow other packages to change, run: npm run locks -- --upgrade',
    )
}

/** Exports the resolved packages in pip's format, with hashes only for files that the systems can use. */
async function exportLock(flagsOfExport: string[], systems: WheelTarget['system'][]): Promise<string> {
  const { stdout } = await execa(
    uv,
    ['export', '--frozen', '--quiet', '--no-header', '--no-emit-project', ...flagsOfExport],
    { cwd: folder },
  )
  const names = fileNames(await readFile(join(folder, 'uv.lock'), 'utf8'))
  return keepUsableHashes(stdout, names, targetsOn(systems))
}

async function lockedUv(): Promise<string | undefined> {
  return constraintsOf([await lockNamed('requirements-uv.lock')])[0]
}

function lockNamed(name: string): Promise<string> {
  return textOf(join(pythonDirectory, name))
}

/** Returns the text of a file, or '' if it does not exist. */
async function textOf(path: string): Promise<string> {
  return existsSync(path) ? await readFile(path, 'utf8') : ''
}
