/** Disks for tests: small, read-only, with a quota, or case-insensitive. */
import { execFileSync } from 'node:child_process'
import { existsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import { isContinuousIntegration } from '../../src/machine/automation.ts'
import { temporaryFolder } from './folders.ts'
import { kernelReads } from './programs/list.ts'
import { programFor } from './programs/needs.ts'

/**
 * Creates a disk in memory for the current test.
 *
 * @param options options of tmpfs, such as `size=64k`, `nr_inodes=20` or `ro`.
 */
export function diskInMemory(context: TestContext, options: string): string {
  const mount = programFor(context, 'mount')
  return mounted(context, 'a disk in memory', (folder) =>
    asRoot(mount, '-t', 'tmpfs', '-o', `${options},mode=0777`, 'tmpfs', folder),
  )
}

/** Creates a folder with a quota in bytes. */
export function folderWithQuota(context: TestContext, bytes: number): string {
  const [makeDisk, mount, btrfs] = [
    programFor(context, 'mkfs.btrfs'),
    programFor(context, 'mount'),
    programFor(context, 'btrfs'),
  ]
  const disk = mounted(context, 'a disk with a quota', (folder) => {
    const image = imageOf(128)
    execFileSync(makeDisk, ['--quiet', image])
    asRoot(mount, '-o', 'loop', image, folder)
    asRoot(btrfs, 'quota', 'enable', folder)
    asRoot(btrfs, 'subvolume', 'create', join(folder, 'limited'))
    asRoot(btrfs, 'qgroup', 'limit', String(bytes), join(folder, 'limited'))
    asRoot('chmod', '777', join(folder, 'limited'))
  })
  return join(disk, 'limited')
}

/** Returns another path of a folder, at which nothing can be written. */
export function readOnlyView(context: TestContext, folder: string): string {
  const mount = programFor(context, 'mount')
  return mounted(context, 'a read-only view', (view) => {
    asRoot(mount, '--bind', folder, view)
    asRoot(mount, '-o', 'remount,bind,ro', view)
  })
}

/** Creates a case-insensitive folder, as on macOS and Windows. */
export function caseInsensitiveFolder(context: TestContext): string {
  const usual = temporaryFolder()
  writeFileSync(join(usual, 'case'), '')
  if (existsSync(join(usual, 'CASE'))) return usual
  const [makeDisk, attach, mount] = [
    programFor(context, 'mkfs.exfat'),
    programFor(context, 'losetup'),
    kernelReads('exfat')
      ? [programFor(context, 'mount'), '-t', 'exfat', '-o', `uid=${process.getuid?.()}`]
      : [programFor(context, 'mount.exfat-fuse')],
  ]
  return mounted(context, 'a case-insensitive disk', (folder) => {
    const image = imageOf(32)
    execFileSync(makeDisk, [image], { stdio: 'ignore' })
    const device = asRoot(attach, '--find', '--show', image).trim()
    onTestFinished(() => void asRoot(attach, '--detach', device))
    asRoot(...mount, device, folder)
  })
}

/**
 * Mounts something on a new folder. If the system does not allow it, the test fails in CI on Linux and is skipped otherwise.
 */
function mounted(context: TestContext, what: string, mount: (folder: string) => void): string {
  const unmount = programFor(context, 'umount')
  const folder = temporaryFolder()
  try {
    mount(folder)
  } catch (error) {
    if (process.platform === 'linux' && isContinuousIntegration(process.env)) throw error
    context.skip(`Could not create ${what}: ${error}`)
  }
  onTestFinished(() => void asRoot(unmount, '--lazy', folder))
  return folder
}

function asRoot(...command: string[]): string {
  const all = process.getuid?.() === 0 ? command : ['sudo', '--non-interactive', ...command]
  const [program = '', ...rest] = all
  return execFileSync(program, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function imageOf(mebibytes: number): string {
  const image = join(temporaryFolder(), 'image')
  writeFileSync(image, '')
  truncateSync(image, mebibytes * 2 ** 20)
  return image
}
