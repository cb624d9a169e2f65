import { chmodSync, closeSync, copyFileSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { AppImageUpdater, type AppUpdater, MacUpdater } from 'electron-updater'

/** Returns what replaces this app by a newer one; undefined for an app that can't replace itself, such as one from a .deb. */
export function createUpdater(): AppUpdater | undefined {
  if (process.platform === 'darwin') return new MacUpdater()
  return process.env.APPIMAGE === undefined ? undefined : new SafeAppImageUpdater()
}

/**
 * Updates an app that runs as an AppImage. electron-updater itself deletes the old file before it moves the new one, so the
 * app would be gone if it were killed in between.
 */
export class SafeAppImageUpdater extends AppImageUpdater {
  protected override doInstall(): boolean {
    const { APPIMAGE: current } = process.env
    const { installerPath } = this
    if (current === undefined || installerPath === null) return false
    replaceProgram(current, installerPath)
    rmSync(installerPath, { force: true })
    return true
  }
}

/**
 * Replaces a program by a copy of another file. The old or the new program is complete at its place at any moment, even if
 * this process is killed or the disk is full.
 *
 * @throws Error from the file system. The old program is still there.
 */
function replaceProgram(path: string, replacement: string): void {
  // It must be in the same folder, because a file can only be renamed within one disk.
  const copy = `${path}.update`
  copyFileSync(replacement, copy)
  chmodSync(copy, 0o755)
  const file = openSync(copy, 'r+')
  try {
    // Otherwise the new name could be on the disk before the content, when the power fails.
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(copy, path)
}
