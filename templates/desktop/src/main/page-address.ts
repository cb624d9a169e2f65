import { app } from 'electron'

/** The scheme of the page in a built app. Its origin is what the browser stores conversations and settings under. */
export const appScheme = 'app'
const builtPage = `${appScheme}://page/index.html`

/**
 * Returns the address of the page: that of Vite's server in `npm run dev`, which gives it in this variable, otherwise
 * that of the built page. A packaged app ignores the variable.
 */
export function pageAddress(): string {
  const { ELECTRON_RENDERER_URL: developmentServer } = process.env
  return app.isPackaged || developmentServer === undefined ? builtPage : developmentServer
}

/** Whether an address belongs to the page. */
export function isPageAddress(address: string): boolean {
  return URL.canParse(address) && originOf(address) === originOf(pageAddress())
}

/** Returns the scheme and the host. `URL.origin` is "null" for schemes that Node does not know. */
function originOf(address: string): string {
  const { protocol, host } = new URL(address)
  return `${protocol}//${host}`
}
