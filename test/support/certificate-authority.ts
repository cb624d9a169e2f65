/** A certificate authority that nobody knows but those who are given its certificate, as a company has it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { program } from './programs/find.ts'

export interface CertificateAuthority {
  /** Path of its certificate, PEM. */
  certificate: string
  /** For a server of the names that it was made for. */
  server: { key: string; cert: string }
}

/** Makes an authority and the certificate of a server, both for a day, by openssl. */
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
