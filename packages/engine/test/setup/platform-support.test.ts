import { describe, expect, it } from 'vitest'
import { isUsableUv } from '../../src/setup/machine/find-programs.ts'
import { checkPlatform } from '../../src/setup/machine/platform-support.ts'
import { parseDistributions } from '../../src/setup/machine/system.ts'
import { isOlderVersion } from '../../src/setup/machine/versions.ts'
import { appleSilicon, debian } from './machines.ts'

describe('checkPlatform', () => {
  it.each([
    ['a Mac with Apple silicon', appleSilicon],
    ['Debian 12', debian],
    ['Linux on ARM', { ...debian, architecture: 'arm64' }],
    ['Ubuntu 22.04 with the oldest glibc', { ...debian, glibcVersion: '2.35' }],
  ])('accepts %s', (_, system) => {
    expect(checkPlatform(system)).toBeUndefined()
  })

  it.each([
    ['a Node under Rosetta', { ...appleSilicon, architecture: 'x64', translated: true }, 'Rosetta'],
    ['an Intel Mac', { ...appleSilicon, architecture: 'x64' }, 'Intel processor'],
    ['macOS 13', { ...appleSilicon, macosVersion: '13.7' }, 'macOS 14 or newer; this is 13.7'],
    ['Windows', { ...debian, platform: 'win32' as const }, 'Windows'],
    ['Debian 11', { ...debian, glibcVersion: '2.31' }, 'glibc 2.31'],
    ['an old glibc that sorts later as text', { ...debian, glibcVersion: '2.9' }, 'glibc 2.9'],
    [
      'Alpine',
      { platform: 'linux' as const, architecture: 'x64', translated: false, distributions: ['alpine'] },
      'musl',
    ],
    ['a 32-bit machine', { ...debian, architecture: 'arm' }, 'x86_64 and aarch64'],
    ['FreeBSD', { ...debian, platform: 'freebsd' as const }, 'freebsd'],
  ])('refuses %s and says what to do', (_, system, reason) => {
    const refusal = checkPlatform(system)
    expect(refusal?.reason).toContain(reason)
    expect(refusal?.next.length).toBeGreaterThan(0)
  })

  it('suggests WSL on Windows', () => {
    expect(checkPlatform({ ...debian, platform: 'win32' })?.next[0]).toBe('wsl --install')
  })

  it.each([
    ['Windows', { ...debian, platform: 'win32' as const }],
    ['an Intel Mac', { ...appleSilicon, architecture: 'x64' }],
    ['FreeBSD', { ...debian, platform: 'freebsd' as const }],
  ])('suggests an engine on another machine on %s', (_, system) => {
    expect(checkPlatform(system)?.next.at(-1)).toContain('createEngine({ baseUrl:')
  })
})

it('compares versions by their numbers', () => {
  expect(isOlderVersion('2.9', '2.35')).toBe(true)
  expect(isOlderVersion('2.35', '2.35')).toBe(false)
  expect(isOlderVersion('20.19.0', '20.19')).toBe(false)
  expect(isOlderVersion('20', '20.19')).toBe(true)
})

it('reads ID and ID_LIKE of a distribution', () => {
  expect(parseDistributions('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n')).toEqual([
    'linuxmint',
    'ubuntu',
    'debian',
  ])
  expect(parseDistributions('')).toEqual([])
})

it.each([
  ['uv 0.13.8 (x86_64-unknown-linux-gnu)', true],
  ['uv 0.4.30', true],
  ['uv 0.2.37', false],
  ['usage: uv [file]', false],
])('checks the version %s', (printed, usable) => {
  expect(isUsableUv(printed)).toBe(usable)
})
