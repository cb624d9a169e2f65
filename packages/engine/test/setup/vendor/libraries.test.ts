/** Which libraries of the system an output needs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findBinaries } from '../../../src/setup/vendor/check/binaries.ts'
import { readElfLibraries } from '../../../src/setup/vendor/check/elf.ts'
import { checkLibraries } from '../../../src/setup/vendor/check/libraries.ts'
import { listFiles } from '../../../src/setup/vendor/files.ts'
import { arm64, buildVersion, loadLibrary, machO, universal, version, x86 } from './mach-o-file.ts'

let folder: string
let notes: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'libraries-'))
  notes = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const terminal = { note: (line: string) => void notes.push(line), done: () => {}, progress: () => {} }
const write = (name: string, bytes: Buffer) => {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), bytes)
}

describe('on macOS', () => {
  const mac = { name: 'darwin-arm64', system: 'darwin', machine: 'arm64', minor: 12, oldest: '14.0' } as const
  const code = (...names: string[]) =>
    machO(arm64, buildVersion(version(14)), ...names.map((name) => loadLibrary(name)))
  const check = async () => await checkLibraries(await findBinaries(await listFiles(folder)), mac, terminal)

  test('those of the system and of the output are there', async () => {
    write('lib/libpython3.12.dylib', code('/usr/lib/libSystem.B.dylib'))
    write(
      'bin/python3',
      code('@executable_path/../lib/libpython3.12.dylib', '/System/Library/Frameworks/A.framework/A'),
    )
    write(
      'mlx/core.so',
      code('@rpath/libmlx.dylib', '@loader_path/lib/libmlx.dylib', '/usr/lib/libc++.1.dylib'),
    )
    write('mlx/lib/libmlx.dylib', code('/usr/lib/libobjc.A.dylib'))
    // Code for another processor is never loaded, and a weak library may be missing.
    write(
      'lib/universal.so',
      universal([
        { machine: x86, code: machO(x86, loadLibrary('/usr/local/lib/libssl.dylib')) },
        { machine: arm64, code: machO(arm64, loadLibrary('/opt/homebrew/lib/weak.dylib', 0x80000018)) },
      ]),
    )
    expect(await check()).toEqual([])
  })

  test('those of the machine that built the app are refused, each with what needs it', async () => {
    const openssl = '/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib'
    write('lib/_ssl.so', code(openssl, '/usr/lib/libSystem.B.dylib'))
    write('lib/_hashlib.so', code(openssl))
    write('a/b.so', code('@rpath/libgone.dylib', '@loader_path/../libnear.dylib'))
    await expect(check()).rejects.toThrow(
      [
        'Some libraries are not in the output, so the app would not run on another Mac:',
        '  @rpath/libgone.dylib, for a/b.so',
        '  @loader_path/../libnear.dylib, for a/b.so',
        `  ${openssl}, for lib/_hashlib.so, lib/_ssl.so`,
      ].join('\n'),
    )
  })
})

test.runIf(process.platform === 'linux')('an ELF file lists the libraries that it needs', async () => {
  expect(await readElfLibraries(process.execPath)).toEqual(
    expect.arrayContaining(['libc.so.6', 'libm.so.6', 'libstdc++.so.6']),
  )
  write('text', Buffer.from('no library'))
  write('short', Buffer.from('\x7fELF'))
  expect(await readElfLibraries(join(folder, 'text'))).toEqual([])
  expect(await readElfLibraries(join(folder, 'short'))).toEqual([])
})
