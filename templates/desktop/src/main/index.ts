import { join } from 'node:path'
import { app, BrowserWindow, session } from 'electron'
import { stateChangeChannel } from '../shared/desktop-api.ts'
import { handleAppScheme, registerAppScheme } from './app-protocol.ts'
import { handleCalls } from './calls.ts'
import { denyPermissions, restrictPages } from './security.ts'
import { SettingsFile } from './settings.ts'
import { MainWindow } from './window.ts'

registerAppScheme()
restrictPages()
// The settings and conversations belong to the first instance, and so does the model in memory.
if (app.requestSingleInstanceLock()) void run()
else app.quit()

async function run(): Promise<void> {
  await app.whenReady()
  const settings = new SettingsFile(join(app.getPath('userData'), 'settings.json'))
  denyPermissions(session.defaultSession)
  handleAppScheme(join(import.meta.dirname, '..', 'renderer'))
  const window = new MainWindow(settings)
  // The window opens first. The engine starts beside it.
  window.show()
  const engine = import('./engine.ts').then(({ openEngine }) =>
    openEngine(settings.get().apiPort, sendStateChange),
  )
  handleCalls(engine)
  app.on('second-instance', () => window.show())
  app.on('activate', () => window.show())
}

function sendStateChange(): void {
  for (const { webContents } of BrowserWindow.getAllWindows()) webContents.send(stateChangeChannel)
}
