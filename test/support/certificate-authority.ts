/** A certificate authority like that of a company, which only clients with its certificate trust. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { program } from './programs/find.ts'

export interface CertificateAuthority {
  /** The path of its certificate in PEM format. */
  certificate: string
  /** The key and certificate of a server with the given names. */
  server: { key: string; cert: string }
}

/** Creates an authority and a server certificate with openssl, both valid for a day. */
export async function createCertificateAuthority(
  folder: string,
  names: readonly string[],
): Promise<CertificateAuthority> {
  const openssl = program('openssl')
  const at = (name: string) => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256']
  await execa(openssl, [
    ...['req', '-x509', ...key, '-days', '1', '-subj', '/CN=An authority of tests'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ...['-keyout', at('authority.key'), '-out', at('authority.pem')],
  ])
  await execa(openssl, [
    ...[
      'req',
      ...key,
      '-subj',
      '/CN=A server of tests',
      '-keyout',
      at('server.key'),
      '-out',
      at('server.csr'),
    ],
  ])
  writeFileSync(at('server.ext'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`)
  await execa(openssl, [
    ...['x509', '-req', '-sha256', '-days', '1', '-in', at('server.csr'), '-extfile', at('server.ext')],
    ...[
      '-CA',
      at('authority.pem'),
      '-CAkey',
      at('authority.key'),
      '-CAcreateserial',
      '-out',
      at('server.pem'),
    ],
  ])
  return {
    certificate: at('authority.pem'),
    server: { key: readFileSync(at('server.key'), 'utf8'), cert: readFileSync(at('server.pem'), 'utf8') },
  }
}
