/** The module that `electron` stands for in an app that the shim runs. */
import { app } from './app.ts'
import { ipcMain } from './ipc.ts'
import {
  clipboard,
  dialog,
  globalShortcut,
  Menu,
  MenuItem,
  nativeImage,
  nativeTheme,
  safeStorage,
  screen,
  shell,
  Tray,
} from './native.ts'
import { protocol } from './schemes.ts'
import { net, session } from './session.ts'
import { BrowserWindow } from './window.ts'

export {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MenuItem,
  nativeImage,
  nativeTheme,
  net,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
}
export default {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MenuItem,
  nativeImage,
  nativeTheme,
  net,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
}
