import { join } from 'node:path'
import { app, BrowserWindow, dialog, session, shell } from 'electron'
import { errorMessage } from '../chat-page/format.ts'
import { newConversationChannel, stateChangeChannel } from '../shared/desktop-api.ts'
import { ApiServer } from './api-server.ts'
import { handleAppScheme } from './app-protocol.ts'
import { handleCalls } from './calls.ts'
import type { DesktopEngine } from './engine.ts'
import { LogFile } from './log-file.ts'
import { type MenuActions, setMenu } from './menu.ts'
import { QuickChat } from './quick-chat.ts'
import { denyPermissions } from './security.ts'
import { SettingsFile } from './settings.ts'
import { AppTray } from './tray.ts'
import { startUpdates, type Updates } from './updates/updates.ts'
import { MainWindow } from './window.ts'

/** Runs the app until the user quits it. */
export async function runApp(): Promise<void> {
  const data = app.getPath('userData')
  const log = new LogFile(join(data, 'logs', 'main.log'))
  process.on('uncaughtExceptionMonitor', log.writeError)
  const settings = new SettingsFile(join(data, 'settings.json'))
  const quickChat = new QuickChat(settings)
  // A hidden window would keep the app open.
  const window = new MainWindow(settings, () => quickChat.close())
  await app.whenReady()
  app.on('second-instance', () => window.show())
  app.on('activate', () => window.show())
  app.setAboutPanelOptions({ applicationName: app.name, applicationVersion: app.getVersion() })
  denyPermissions(session.defaultSession)
  handleAppScheme(join(import.meta.dirname, '..', 'renderer'))
  // The window opens first, and the engine starts beside it.
  window.show()
  const engine = import('./engine.ts').then(({ openEngine }) => openEngine(sendStateChange, log.write))
  // The page shows it too.
  engine.catch(log.writeError)
  handleCalls(engine)
  stopEngineAtQuit(engine)
  addExtras({ engine, log, settings, window, quickChat })
}

interface Parts {
  engine: Promise<DesktopEngine>
  log: LogFile
  settings: SettingsFile
  window: MainWindow
  quickChat: QuickChat
}

/** Adds the menu with the switches, and what was switched on when the app was last used. */
function addExtras({ engine, log, settings, window, quickChat }: Parts): void {
  const api = new ApiServer(engine, settings)
  const newConversation = () => window.show().webContents.send(newConversationChannel)
  const tray = new AppTray(settings, {
    open: () => window.show(),
    newConversation,
    quickChat: () => quickChat.show(),
  })
  let updates: Updates | undefined
  let changes = Promise.resolve()
  /** Runs a change of a switch after the previous one, shows why it failed, and updates the menu. */
  const change = (action: () => void | Promise<void>) => {
    changes = changes.then(() => runChange(action))
  }
  const runChange = async (action: () => void | Promise<void>) => {
    try {
      await action()
    } catch (error) {
      void dialog.showMessageBox({ type: 'error', message: errorMessage(error) })
    }
    setMenu(menuActions())
  }
  const turnOnApi = async () => {
    await api.turnOn()
    void api.showAccess()
  }
  const menuActions = (): MenuActions => ({
    newConversation,
    api: {
      isOn: api.access !== undefined,
      set: (isOn) => change(() => (isOn ? turnOnApi() : api.turnOff())),
    },
    showApiAccess: () => void api.showAccess(),
    tray: { isOn: tray.isOn, set: (isOn) => change(() => (isOn ? tray.turnOn() : tray.turnOff())) },
    quickChat: {
      isOn: quickChat.isOn,
      set: (isOn) => change(() => (isOn ? quickChat.turnOn() : quickChat.turnOff())),
    },
    showLog: () => shell.showItemInFolder(log.path),
    checkForUpdates: updates && (() => void updates?.check()),
  })
  setMenu(menuActions())
  change(async () => {
    updates = await startUpdates()
  })
  const saved = settings.get()
  if (saved.tray) change(() => tray.turnOn())
  if (saved.quickChat) change(() => quickChat.turnOn())
  if (saved.api) change(() => api.turnOn())
  app.on('window-all-closed', () => {
    // On macOS, and with an icon in the tray, the app stays.
    if (process.platform !== 'darwin' && !tray.isOn) app.quit()
  })
}

/** Waits at the end until the worker has exited, so that no Python is left. */
function stopEngineAtQuit(engine: Promise<DesktopEngine>): void {
  let isStopped = false
  app.on('will-quit', (event) => {
    if (isStopped) return
    event.preventDefault()
    void engine
      .then(({ services }) => services.close())
      // It never opened, or its worker could not be stopped: the app quits all the same.
      .catch(() => undefined)
      .finally(() => {
        isStopped = true
        app.quit()
      })
  })
}

function sendStateChange(): void {
  for (const { webContents } of BrowserWindow.getAllWindows()) webContents.send(stateChangeChannel)
}
