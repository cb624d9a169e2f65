import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/index.ts'
import { findVersionMismatch } from '../../src/engine/local/version-mismatch.ts'
import { scriptCommand } from '../../src/engine/project/index.ts'
import { protocolVersion } from '../../src/engine/protocol.ts'
import { useFolder, writeScript } from './support.ts'

const folder = useFolder()
const ready = { type: 'ready', protocol: 7, mlxApp: '1.2.2' }
const own = { protocol: 7, mlxApp: '1.2.3' }

test('a worker of a later version, with fields that are unknown here, ends the start', async () => {
  const first = JSON.stringify({ ...ready, protocol: 99, more: { fields: true } })
  const python = writeScript(join(folder.path, 'later'), `echo '${first}'\nwhile read -r line; do :; done`)
  await expect(createEngine({ python })).rejects.toMatchObject({
    code: 'PROTOCOL_MISMATCH',
    message: expect.stringMatching(
      new RegExp(
        `${python} has 1\\.2\\.2 \\(protocol 99\\), and the npm package is protocol ${protocolVersion}`,
      ),
    ),
    hint: `To get the same version, run: ${scriptCommand('setup')}`,
  })
})

describe('the first event of the worker', () => {
  test.each([
    ['another version of the package', ready, '/my/python has 1.2.2 (protocol 7)'],
    ['another version of the protocol', { ...ready, mlxApp: '1.2.3', protocol: 6 }, 'has 1.2.3 (protocol 6)'],
    ['an unknown version and another protocol', { type: 'ready', protocol: 6 }, '/my/python has protocol 6'],
  ])('with %s is a mismatch that names both', (_, event, has) => {
    const error = findVersionMismatch(event, '/my/python', own)
    expect(error).toMatchObject({ code: 'PROTOCOL_MISMATCH' })
    expect(error?.message).toContain(has)
    expect(error?.message).toContain('the npm package is 1.2.3 (protocol 7)')
  })

  test.each([
    ['the same version', { ...ready, mlxApp: '1.2.3' }],
    ['code that is run from the sources', { ...ready, mlxApp: null }],
  ])('with %s is none', (_, event) => {
    expect(findVersionMismatch(event, '/my/python', own)).toBeUndefined()
  })

  test('is the only one that counts', () => {
    expect(findVersionMismatch({ ...ready, type: 'loaded' }, '/my/python', own)).toBeUndefined()
  })
})
