import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { app, dialog } from 'electron'
import type { AppUpdater } from 'electron-updater'
import { errorMessage } from '../../chat-page/format.ts'

/** Looks for updates, downloads them, and installs them when the app quits. */
export interface Updates {
  /** Looks for an update, and shows what it found. */
  check: () => Promise<void>
}

/**
 * Starts to look for updates. Returns undefined, and contacts nobody, if the app was packaged without `publish` in
 * electron-builder.config.ts, or if it can't replace itself.
 */
export async function startUpdates(): Promise<Updates | undefined> {
  // electron-builder writes it if the app has a feed.
  const hasFeed = app.isPackaged && existsSync(join(process.resourcesPath, 'app-update.yml'))
  if (!hasFeed) return undefined
  const { createUpdater } = await import('./updater.ts')
  const updater = createUpdater()
  if (updater === undefined) return undefined
  updater.on('update-downloaded', ({ version }) => void offerRestart(updater, version))
  // A failed check at the start is not worth a dialog. The user can check again.
  updater
    .checkForUpdates()
    .then((found) => found?.downloadPromise)
    .catch(() => undefined)
  return { check: () => check(updater) }
}

async function check(updater: AppUpdater): Promise<void> {
  try {
    const found = await updater.checkForUpdates()
    const message = found?.isUpdateAvailable
      ? `Version ${found.updateInfo.version} is being downloaded.`
      : `${app.name} ${app.getVersion()} is the newest version.`
    void dialog.showMessageBox({ type: 'info', message })
    await found?.downloadPromise
  } catch (error) {
    void dialog.showMessageBox({
      type: 'error',
      message: 'The app could not be updated.',
      detail: errorMessage(error),
    })
  }
}

/** Asks whether to restart the app. Otherwise the update is installed when the user quits it. */
async function offerRestart(updater: AppUpdater, version: string): Promise<void> {
  const { response } = await dialog.showMessageBox({
    type: 'info',
    message: `Version ${version} is ready.`,
    detail: 'It is installed when you quit.',
    buttons: ['Restart Now', 'Later'],
    defaultId: 0,
    cancelId: 1,
  })
  if (response !== 0) return
  if (process.platform === 'darwin') return updater.quitAndInstall()
  const { APPIMAGE: execPath } = process.env
  app.relaunch(execPath === undefined ? {} : { execPath })
  // The engine stops first, then the update is installed, and then the app starts again.
  app.quit()
}
