import { isIPv4 } from 'node:net'

/** True for a name or an address that only this machine can reach itself by; brackets around IPv6 are allowed. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  // An address of digits alone: `127.0.0.1.example.org` is somebody's name.
  return (
    name === 'localhost' || name === '::1' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'))
  )
}

/**
 * The name in a Host header, without its port: `localhost`, `[::1]`.
 *
 * @returns undefined for what is no host.
 */
export function parseHostName(header: string): string | undefined {
  const written = `http://${header}`
  if (/[/?#@\\\s]/.test(header) || !URL.canParse(written)) return undefined
  return new URL(written).hostname
}
