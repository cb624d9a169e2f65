/**
 * Makes the Python locks of packages/engine/python from its pyproject.toml: exact versions and hashes for every
 * system that MLX has wheels for, naming no index, so that mirrors work. Then the npm locks, from each package.json. Nothing in
 * them was published after the date in lock-date.txt.
 *
 *   npm run locks                after a change of pyproject.toml or package.json: other versions stay as they are
 *   npm run locks -- --upgrade   takes the newest that fit, and moves the date in lock-date.txt to now
 *   npm run locks -- --check     writes nothing; exit 1 when a file would change
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { startRegistry } from '../test/support/registry.ts'
import { obtainUv } from './environment.ts'
import { dateText, lockDate, writeLockDate } from './lock-date.ts'
import { fileNames, targetsOn, withUsableHashes } from './lock-files.ts'
import {
  constraintsOf,
  heldConstraints,
  lockText,
  onlyIn,
  uvProject,
  withConstraints,
  withCuda,
} from './lock-text.ts'
import { lockedFolders, npmLock } from './npm-locks.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const pythonDirectory = join(root, 'packages', 'engine', 'python')

const everySystem = ['linux', 'darwin']

const { values: flags } = parseArgs({
  options: { upgrade: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
})

const date = flags.upgrade ? new Date() : lockDate()
const uv = await obtainUv()
const folder = await mkdtemp(join(tmpdir(), 'mlx-app-locks-'))
try {
  const source = await readFile(join(pythonDirectory, 'pyproject.toml'), 'utf8')
  await resolve(withConstraints(source, flags.upgrade ? [] : heldConstraints(source)))
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
  // What the extra adds to the rest: it is installed beside any of the others.
  const vision = lockText(
    onlyIn(
      await exportLock(['--no-dev', '--extra', 'vision'], everySystem),
      await exportLock(['--no-dev'], everySystem),
    ),
    'npm run locks, from uv export --no-dev --extra vision, without what is in requirements.lock',
    everySystem,
  )
  const locks = [main, dev, vision]
  const pyproject = withConstraints(source, constraintsOf(locks))

  // The same versions with NVIDIA's libraries in place of the CPU's.
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

  const files = {
    'pyproject.toml': pyproject,
    'requirements.lock': main,
    'requirements-dev.lock': dev,
    'requirements-vision.lock': vision,
    'requirements-cuda.lock': cuda,
    'requirements-uv.lock': uvText,
  }
  let changed = 0
  for (const [name, text] of Object.entries(files)) {
    if (await write(join(pythonDirectory, name), text)) changed++
  }
  await using registry = await startRegistry({ tarballs: [], date, standIns: false })
  for (const npmFolder of lockedFolders) {
    const text = await npmLock(npmFolder, { upgrade: flags.upgrade, registry: registry.url })
    if (await write(join(root, npmFolder, 'package-lock.json'), text)) changed++
  }
  // The tests take nothing newer than the locks, so the date moves with them.
  if (flags.upgrade && !flags.check) writeLockDate(date)
  if (changed === 0) console.log('The locks are up to date.')
  if (flags.check && changed > 0) process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Writes a file that has changed, or with --check tells it alone. @returns whether it has changed. */
async function write(path: string, text: string): Promise<boolean> {
  if ((await textOf(path)) === text) return false
  const name = relative(root, path)
  console.log(flags.check ? `${name} is out of date: npm run locks` : `${name} written`)
  if (!flags.check) await writeFile(path, text)
  return true
}

/** Resolves a pyproject.toml in a folder of its own, for every system of its [tool.uv] environments. */
async function resolve(pyproject: string): Promise<void> {
  await writeFile(join(folder, 'pyproject.toml'), pyproject)
  await rm(join(folder, 'uv.lock'), { force: true })
  // Without a deployment target uv assumes macOS 13, for which MLX has no wheels any more.
  const { failed } = await execa(uv, ['lock', '--quiet', '--exclude-newer', dateText(date)], {
    reject: false,
    cwd: folder,
    env: { MACOSX_DEPLOYMENT_TARGET: '14.0' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (failed)
    throw new Error('uv found no versions that fit. To let the others move: npm run locks -- --upgrade')
}

/** The resolved packages in pip's format, with the hashes of those files alone that the systems can use. */
async function exportLock(flagsOfExport: string[], systems: string[]): Promise<string> {
  const { stdout } = await execa(
    uv,
    ['export', '--frozen', '--quiet', '--no-header', '--no-emit-project', ...flagsOfExport],
    { cwd: folder },
  )
  const names = fileNames(await readFile(join(folder, 'uv.lock'), 'utf8'))
  return withUsableHashes(stdout, names, targetsOn(systems))
}

async function lockedUv(): Promise<string | undefined> {
  return constraintsOf([await lockNamed('requirements-uv.lock')])[0]
}

function lockNamed(name: string): Promise<string> {
  return textOf(join(pythonDirectory, name))
}

/** Text of a file as it is; '' for one that has not been made yet. */
async function textOf(path: string): Promise<string> {
  return existsSync(path) ? await readFile(path, 'utf8') : ''
}
