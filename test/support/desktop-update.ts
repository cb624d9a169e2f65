/**
 * Updates an AppImage as the desktop app does, with electron-updater's own download: `desktop-update.ts PROJECT APP FEED CACHE`.
 * Node runs it in place of Electron. It prints the version that it downloaded, and installs it when it quits.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [project = '', app = '', feed = '', cache = ''] = process.argv.slice(2)
process.env.APPIMAGE = app

const require = createRequire(join(project, 'package.json'))
const { ElectronHttpExecutor } = require('electron-updater/out/electronHttpExecutor')
const { NodeHttpExecutor } = require('builder-util')
// Only the requests are Node's instead of Electron's.
const { createRequest } = NodeHttpExecutor.prototype
const { SafeAppImageUpdater } = await import(
  pathToFileURL(join(project, 'src', 'main', 'updates', 'updater.ts')).href
)

let quit = (_exitCode: number) => {}
const updater = new SafeAppImageUpdater(undefined, {
  version: '1.0.0',
  name: 'my-desk',
  isPackaged: true,
  appUpdateConfigPath: join(cache, 'app-update.yml'),
  userDataPath: join(cache, 'data'),
  baseCachePath: cache,
  whenReady: async () => {},
  relaunch: () => {},
  quit: () => {},
  onQuit: (handler: (exitCode: number) => void) => {
    quit = handler
  },
})
updater.httpExecutor = Object.assign(new ElectronHttpExecutor(), { createRequest })
updater.setFeedURL({ provider: 'generic', url: feed })
updater.logger = null
const found = await updater.checkForUpdates()
await found?.downloadPromise
console.log(found?.updateInfo.version)
quit(0)
