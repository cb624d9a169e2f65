import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findBinaries, requireBinariesFor } from '../../../src/setup/vendor/check/binaries.ts'
import { readBinary } from '../../../src/setup/vendor/check/mach-o.ts'
import { listFiles } from '../../../src/setup/vendor/files.ts'
import {
  arm64,
  buildVersion,
  loadCommand,
  machO,
  universal,
  uuid,
  version,
  versionMin,
  x86,
} from './mach-o-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'mach-o-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
async function read(bytes: Buffer) {
  const path = join(folder, String(count++))
  writeFileSync(path, bytes)
  return await readBinary(path)
}

describe('the header of a binary', () => {
  test('has the processor, and the oldest macOS in either form', async () => {
    expect(await read(machO(arm64, uuid, buildVersion(version(14))))).toEqual([
      { format: 'mach-o', machine: 'arm64', minMacos: '14.0' },
    ])
    expect(await read(machO(x86, versionMin(version(10, 15, 4)), uuid))).toEqual([
      { format: 'mach-o', machine: 'x86_64', minMacos: '10.15.4' },
    ])
  })

  test('of another platform of Apple has no oldest macOS', async () => {
    expect(await read(machO(arm64, buildVersion(version(17), 2)))).toEqual([
      { format: 'mach-o', machine: 'arm64' },
    ])
    expect(await read(machO(arm64))).toEqual([{ format: 'mach-o', machine: 'arm64' }])
  })

  test.each([false, true])('of a universal file has each slice (64 bits: %s)', async (is64) => {
    const slices = [
      { machine: x86, code: machO(x86, versionMin(version(10, 13))) },
      { machine: arm64, code: machO(arm64, buildVersion(version(11))) },
    ]
    expect(await read(universal(slices, is64))).toEqual([
      { format: 'mach-o', machine: 'x86_64', minMacos: '10.13' },
      { format: 'mach-o', machine: 'arm64', minMacos: '11.0' },
    ])
  })

  test('of Linux has the processor', async () => {
    const [own] = await readBinary(process.execPath)
    if (process.platform === 'linux')
      expect(own).toEqual({ format: 'elf', machine: process.arch === 'x64' ? 'x86_64' : 'aarch64' })
    else expect(own?.format).toBe('mach-o')
  })

  test('is missing in other files, also in those that begin alike or are damaged', async () => {
    expect(await read(Buffer.alloc(0))).toEqual([])
    expect(await read(Buffer.from('#!/bin/sh\nexit 0 # some more text than a header has'))).toEqual([])
    const javaClass = Buffer.alloc(64)
    javaClass.writeUInt32BE(0xcafebabe, 0)
    javaClass.writeUInt32BE(52, 4)
    expect(await read(javaClass)).toEqual([])
    const loops = machO(arm64, loadCommand(0x99, 0, 0, 0), buildVersion(version(14)))
    expect(await read(loops)).toEqual([{ format: 'mach-o', machine: 'arm64' }])
    expect(await read(machO(arm64, buildVersion(version(14))).subarray(0, 40))).toEqual([
      { format: 'mach-o', machine: 'arm64' },
    ])
  })
})

describe('the binaries of an app', () => {
  const mac = { name: 'darwin-arm64', system: 'darwin', machine: 'arm64', minor: 12, oldest: '14.0' } as const
  const inFolder = async (files: Record<string, Buffer>) => {
    const place = join(folder, `app ${count++}`)
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(join(place, name, '..'), { recursive: true })
      writeFileSync(join(place, name), bytes)
    }
    return await findBinaries(await listFiles(place))
  }

  test('must load on the oldest macOS, whatever their names are', async () => {
    const binaries = await inFolder({
      'a/good.so': machO(arm64, buildVersion(version(14))),
      'a/universal': universal([
        { machine: x86, code: machO(x86, versionMin(version(26))) },
        { machine: arm64, code: machO(arm64, buildVersion(version(11))) },
      ]),
      'readme.txt': Buffer.from('not a binary'),
    })
    expect(binaries.map(({ name }) => name)).toEqual(['a/good.so', 'a/universal'])
    expect(() => requireBinariesFor(binaries, mac)).not.toThrow()
    const wrong = await inFolder({
      'a/new.dylib': machO(arm64, buildVersion(version(15, 4))),
      'b/intel.so': machO(x86, versionMin(version(10, 15))),
      'c/silent': machO(arm64),
      'd/good': machO(arm64, buildVersion(version(14))),
    })
    expect(() => requireBinariesFor(wrong, mac)).toThrow(
      [
        'Some binaries are not for macOS 14.0 (arm64), Python 3.12:',
        '  a/new.dylib needs macOS 15.4',
        '  b/intel.so is for mach-o x86_64',
        '  c/silent does not say which macOS it needs',
      ].join('\n'),
    )
  })

  test('of Linux must be for its processor', async () => {
    const binaries = await inFolder({ 'lib.so': machO(arm64, buildVersion(version(14))) })
    const linux = {
      name: 'linux-x64',
      system: 'linux',
      machine: 'x86_64',
      minor: 12,
      oldest: '2.35',
    } as const
    expect(() => requireBinariesFor(binaries, linux)).toThrow('lib.so is for mach-o arm64')
  })
})
