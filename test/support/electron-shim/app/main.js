// A small app for the tests of the shim. It also runs on Electron.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { app, BrowserWindow, dialog, ipcMain, Menu, protocol } from 'electron'

protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }])
if (!app.requestSingleInstanceLock()) app.exit(3)

const files = { '/': ['page.html', 'text/html'], '/page.js': ['page.js', 'text/javascript'] }
app.on('second-instance', () => BrowserWindow.getAllWindows()[0].focus())
ipcMain.handle('add', (event, first, second) => {
  if (event.senderFrame.origin !== 'app://main') throw new Error(`refused ${event.senderFrame.origin}`)
  return first + second
})
ipcMain.on('count', ({ sender }, limit) => {
  for (let number = 1; number <= limit; number += 1) sender.send('number', { number })
})

await app.whenReady()
protocol.handle('app', async (request) => {
  const file = files[new URL(request.url).pathname]
  if (file === undefined) return new Response('not found', { status: 404 })
  const [name, type] = file
  const headers = { 'content-type': type, 'content-security-policy': "default-src 'self'" }
  return new Response(await readFile(join(import.meta.dirname, name)), { headers })
})
const ask = () => dialog.showMessageBox({ message: 'Sure?', buttons: ['No', 'Yes'] })
Menu.setApplicationMenu(
  Menu.buildFromTemplate([
    {
      label: 'Test',
      submenu: [{ label: 'Ask', click: async () => (await ask()).response === 1 && app.quit() }],
    },
  ]),
)
const preload = join(import.meta.dirname, 'preload.cjs')
const window = new BrowserWindow({ webPreferences: { preload, sandbox: true } })
window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }))
window.webContents.on('will-navigate', (event) => event.preventDefault())
await window.loadURL('app://main/')
