import { isIPv4 } from 'node:net'

/** Whether a host name or address is a loopback one. IPv6 addresses can be in brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  // Only numeric addresses count: `127.0.0.1.example.org` is a name that someone owns.
  return (
    name === 'localhost' || name === '::1' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'))
  )
}

/**
 * Returns the name in a Host header without its port, such as `localhost` or `[::1]`.
 *
 * @returns undefined for an invalid header.
 */
export function parseHostName(header: string): string | undefined {
  const written = `http://${header}`
  if (/[/?#@\\\s]/.test(header) || !URL.canParse(written)) return undefined
  return new URL(written).hostname
}
