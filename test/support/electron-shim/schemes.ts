/**
 * `protocol`, and the addresses that stand for those of its schemes. Chromium has no custom schemes, so that
 * `app://desktop/index.html` is loaded as `https://desktop.app.invalid/index.html`.
 */
type Handler = (request: Request) => Response | Promise<Response>

const handlers = new Map<string, Handler>()
const privileged = new Set<string>()
let isReady = false

/** Ends the time in which an app can register privileged schemes. */
export function closeRegistration(): void {
  isReady = true
}

export const protocol = {
  registerSchemesAsPrivileged(schemes: readonly { scheme: string }[]): void {
    if (isReady) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    for (const { scheme } of schemes) privileged.add(scheme)
  },
  handle(scheme: string, handler: Handler): void {
    if (!isReady) throw new Error('protocol.handle should be called after app is ready')
    if (!privileged.has(scheme)) throw new Error(`The shim only handles privileged schemes: ${scheme}`)
    if (handlers.has(scheme)) throw new Error(`The scheme is already handled: ${scheme}`)
    handlers.set(scheme, handler)
  },
  unhandle: (scheme: string): void => void handlers.delete(scheme),
  isProtocolHandled: (scheme: string): boolean => handlers.has(scheme),
}

/** What Chromium must pass to the shim. */
export const handledPattern = 'https://*.invalid/*'

/** Returns the address for Chromium. */
export function toChromium(address: string): string {
  const url = new URL(address)
  const scheme = url.protocol.slice(0, -1)
  if (!privileged.has(scheme)) return address
  return `https://${url.host}.${scheme}.invalid${url.pathname}${url.search}${url.hash}`
}

/** Returns the address as the app knows it. */
export function fromChromium(address: string): string {
  const [, host, scheme, rest = ''] =
    /^https:\/\/([^/?#]+)\.([a-z][a-z0-9+-]*)\.invalid(.*)$/s.exec(address) ?? []
  return scheme !== undefined && privileged.has(scheme) ? `${scheme}://${host}${rest}` : address
}

/** Returns the handler for an address of Chromium, or undefined if it is not of a custom scheme. */
export function handlerOf(address: string): Handler | undefined {
  return handlers.get(new URL(fromChromium(address)).protocol.slice(0, -1))
}
