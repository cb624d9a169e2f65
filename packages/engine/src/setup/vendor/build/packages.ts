/** Installs the packages into the output, for the target's system. */
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EngineError } from '../../../engine/index.ts'
import type { Project } from '../../../engine/project/index.ts'
import { pythonDirectory, wheelPath } from '../../../package-files.ts'
import { copyPackageFiles } from '../../environment/copy-package-files.ts'
import { runFromCacheOrNetwork } from '../../environment/uv.ts'
import { lockFiles, serverLock } from '../../plan/locks.ts'
import { networkHint, type ProcessOptions, runVisibly } from '../../process/child-process.ts'
import { wheelArgument } from '../../process/wheel.ts'
import type { VendorPlan } from '../plan/plan.ts'
import { uvPlatform } from '../plan/target.ts'

/** Returns the lock files with the packages of an app: those of every app, and those of `mlx-app serve`. */
export function vendorLocks(directory: string): string[] {
  return [...lockFiles(directory, 'plain'), join(directory, serverLock)]
}

/**
 * Installs the locked packages, checked by their hashes, the code of the worker, and last the user's own builds.
 *
 * @param site the folder to install into.
 * @throws EngineError DOWNLOAD_FAILED, SETUP_NEEDED
 */
export async function installPackages(
  project: Project,
  plan: VendorPlan,
  { uv, site, staging }: { uv: string; site: string; staging: string },
  run: ProcessOptions,
): Promise<void> {
  const missing = [...vendorLocks(pythonDirectory), ...(wheelPath === undefined ? [] : [wheelPath])].find(
    (path) => !existsSync(path),
  )
  if (missing !== undefined) {
    throw new EngineError('SETUP_NEEDED', `The package mlx-app is damaged: ${missing} is missing.`, {
      hint: 'Install the packages of this project again.',
    })
  }
  const options = forTarget(plan, run)
  const into = installArguments(plan, site)
  await using copies = await copyPackageFiles(project, [
    ...vendorLocks(pythonDirectory),
    ...(wheelPath === undefined ? [] : [wheelPath]),
  ])
  await runFromCacheOrNetwork(
    uv,
    [
      ...into,
      ...['--only-binary', ':all:', '--require-hashes'],
      ...vendorLocks(copies.directory).flatMap((lock) => ['-r', lock]),
      ...plan.installArguments,
    ],
    options,
    'The packages could not be installed',
  )
  const wheel =
    wheelPath === undefined ? await buildWheel(uv, staging, run) : join(copies.directory, basename(wheelPath))
  await installWheel(uv, into, wheel, options)
  for (const { path } of plan.customWheels) await installWheel(uv, [...into, '--reinstall'], path, options)
}

/** Returns the environment in which uv chooses packages for the target. Without it, it assumes an old macOS. */
function forTarget({ target }: VendorPlan, run: ProcessOptions): ProcessOptions {
  if (target.system !== 'darwin') return run
  return { ...run, environment: { ...run.environment, MACOSX_DEPLOYMENT_TARGET: target.oldest } }
}

function installArguments({ target, systemPython }: VendorPlan, site: string): string[] {
  return [
    ...['pip', 'install', '--target', site, '--no-deps'],
    ...['--python-platform', uvPlatform(target), '--python-version', `3.${target.minor}`],
    // uv only asks it where packages go. Without it, uv would look for one itself.
    ...(systemPython === undefined ? [] : ['--python', systemPython.path]),
    // A hard link into uv's cache would be pruned and signed there too.
    ...['--link-mode', 'copy'],
  ]
}

async function installWheel(
  uv: string,
  uvArguments: string[],
  wheel: string,
  options: ProcessOptions,
): Promise<void> {
  const { directory, argument } = wheelArgument(wheel)
  await runVisibly(uv, [...uvArguments, '--offline', '--quiet', argument], {
    ...options,
    directory,
    failure: `${basename(wheel)} could not be installed`,
    hint: networkHint,
  })
}

/** Builds the wheel from the sources, in the repository of this package. */
async function buildWheel(uv: string, staging: string, run: ProcessOptions): Promise<string> {
  const folder = join(staging, '.wheel')
  await mkdir(folder)
  await runVisibly(uv, ['build', '--quiet', '--offline', '--wheel', pythonDirectory, '--out-dir', folder], {
    ...run,
    failure: 'The wheel of mlx-app could not be built',
    hint: networkHint,
  })
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.whl'))
  if (file === undefined) throw new Error(`uv built no wheel in ${folder}`)
  return join(folder, file)
}
