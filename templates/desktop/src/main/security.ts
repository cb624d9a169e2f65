import { app, dialog, type Session, shell, type WebContents } from 'electron'
import { errorMessage } from '../chat-page/format.ts'
import { isPageAddress } from './page-address.ts'

/** Restricts all pages: they can't leave the app, open windows, or embed others. */
export function restrictPages(): void {
  app.on('web-contents-created', (_event, contents) => restrictPage(contents))
}

/** Denies all permissions, such as the camera, notifications and the clipboard. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
}

function restrictPage(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    // Vite's server reloads the page.
    if (!isPageAddress(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    void openExternally(url)
    return { action: 'deny' }
  })
}

/** Opens an https address in the browser if the user agrees. Other addresses are ignored. */
export async function openExternally(address: string): Promise<void> {
  if (!URL.canParse(address)) return
  const url = new URL(address)
  if (url.protocol !== 'https:') return
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: `Open ${url.host} in your browser?`,
    detail: url.href,
    buttons: ['Open', 'Cancel'],
    defaultId: 0,
    cancelId: 1,
  })
  if (response !== 0) return
  try {
    await shell.openExternal(url.href)
  } catch (error) {
    void dialog.showMessageBox({
      type: 'error',
      message: `${url.host} could not be opened.`,
      detail: errorMessage(error),
    })
  }
}
