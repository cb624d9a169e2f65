import { app, Menu, type MenuItemConstructorOptions } from 'electron'

/** A switch of the app, whose state the menu shows. */
export interface MenuSwitch {
  isOn: boolean
  set: (isOn: boolean) => void
}

export interface MenuActions {
  newConversation: () => void
  api: MenuSwitch
  showApiAccess: () => void
  tray: MenuSwitch
  quickChat: MenuSwitch
  showLog: () => void
  /** Undefined if the app has no feed with updates. */
  checkForUpdates: (() => void) | undefined
}

/** Sets the menu of the app. Call it again when a switch has changed. */
export function setMenu(actions: MenuActions): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(actions, process.platform === 'darwin')))
}

/** Returns the menu. Only macOS has a menu named after the app. */
export function menuTemplate(actions: MenuActions, isMac: boolean): MenuItemConstructorOptions[] {
  const { newConversation, api, showApiAccess, tray, quickChat, showLog, checkForUpdates } = actions
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: 'File',
      submenu: [
        { label: 'New Conversation', accelerator: 'CommandOrControl+N', click: newConversation },
        { type: 'separator' },
        { role: isMac ? 'close' : 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : [{ role: 'reload' } as const, { role: 'toggleDevTools' } as const]),
      ],
    },
    {
      label: 'Extras',
      submenu: [
        switchItem('API for Other Programs', api),
        { label: 'API Address and Key…', enabled: api.isOn, click: showApiAccess },
        { type: 'separator' },
        switchItem(isMac ? 'Menu Bar Icon' : 'Tray Icon', tray),
        switchItem('Quick Chat Shortcut', quickChat),
        ...(checkForUpdates === undefined ? [] : updateItems(checkForUpdates)),
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      label: 'Help',
      submenu: [{ label: 'Show Log', click: showLog }, ...(isMac ? [] : [{ role: 'about' } as const])],
    },
  ]
}

function updateItems(check: () => void): MenuItemConstructorOptions[] {
  return [{ type: 'separator' }, { label: 'Check for Updates…', click: check }]
}

function switchItem(label: string, { isOn, set }: MenuSwitch): MenuItemConstructorOptions {
  return { label, type: 'checkbox', checked: isOn, click: () => set(!isOn) }
}
