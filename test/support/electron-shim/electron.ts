/** The module that `electron` stands for in an app that the shim runs. */
export { app } from './app.ts'
export * as default from './electron.ts'
export { ipcMain } from './ipc.ts'
export {
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
export { protocol } from './schemes.ts'
export { net, session } from './session.ts'
export { BrowserWindow } from './window.ts'
