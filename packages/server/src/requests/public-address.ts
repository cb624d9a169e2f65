import { BlockList, isIP } from 'node:net'

/**
 * Addresses of this machine, of private networks, and of special purposes:
 * https://www.iana.org/assignments/iana-ipv4-special-registry and .../iana-ipv6-special-registry.
 */
const specialAddresses = new BlockList()

for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  specialAddresses.addSubnet(network, bits, 'ipv4')
}

for (const [network, bits] of [
  // Addresses that embed an IPv4 address could reach private networks: NAT64, 6to4, Teredo.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 32],
  ['2002::', 16],
  ['::', 96],
  ['100::', 64],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  specialAddresses.addSubnet(network, bits, 'ipv6')
}

/** Whether an address belongs to the public internet. IPv4-mapped IPv6 addresses count as IPv4. */
export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 0) return false
  return !specialAddresses.check(address, family === 6 ? 'ipv6' : 'ipv4')
}
