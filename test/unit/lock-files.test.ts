import { describe, expect, it } from 'vitest'
import { fits, type WheelTarget as Target } from '../../packages/engine/src/setup/machine/wheel-tags.ts'
import { fileNames, keepUsableHashes, markerApplies, targetsOn } from '../../scripts/lock-files.ts'

const mac: Target = { system: 'darwin', machine: 'arm64', minor: 12 }
const linux: Target = { system: 'linux', machine: 'x86_64', minor: 12 }
const arm: Target = { system: 'linux', machine: 'aarch64', minor: 12 }
const hash = (letter: string) => `sha256:${letter.repeat(64)}`

describe('a wheel', () => {
  it.each([
    ['a-1-py3-none-any.whl', [mac, linux, arm]],
    ['a-1-py2.py3-none-any.whl', [mac, linux, arm]],
    ['a-1-cp39-abi3-macosx_11_0_arm64.whl', [mac]],
    ['a-1-cp312-cp312-macosx_10_13_universal2.whl', [mac]],
    ['a-1-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl', [linux]],
    ['a-1-1-cp312-cp312-manylinux_2_28_aarch64.whl', [arm]],
    ['a-1-cp312-none-manylinux_2_28_aarch64.whl', [arm]],
    ['a-1-cp312-cp312-macosx_11_0_x86_64.whl', []],
    ['a-1-cp312-cp312-musllinux_1_2_x86_64.whl', []],
    ['a-1-cp312-cp312-win_amd64.whl', []],
    ['a-1-cp312-cp312-manylinux_2_17_i686.whl', []],
    ['a-1-cp312-cp312-manylinux2014_ppc64le.whl', []],
    ['a-1-cp313-cp313t-manylinux_2_28_x86_64.whl', []],
    ['a-1-cp311-cp311-manylinux_2_28_x86_64.whl', []],
    ['a-1-cp313-abi3-manylinux_2_28_x86_64.whl', []],
    ['a-1-pp311-pypy311_pp73-manylinux_2_28_x86_64.whl', []],
    ['a-1.tar.gz', []],
  ])('%s is for the systems that its tags name', (name, targets) => {
    expect([mac, linux, arm].filter((target) => fits(name, target))).toEqual(targets)
  })

  it('may be too new for the oldest system that MLX runs on', () => {
    for (const [name, target] of [
      ['a-1-cp312-cp312-macosx_15_0_arm64.whl', mac],
      ['a-1-cp312-cp312-manylinux_2_39_x86_64.whl', linux],
    ] as const) {
      expect(fits(name, target)).toBe(true)
      expect(fits(name, { ...target, oldest: target === mac ? '14.0' : '2.35' })).toBe(false)
    }
  })
})

it('a marker selects the targets that it describes', () => {
  const system = "(python_full_version < '3.12' and sys_platform == 'darwin') or (sys_platform == 'linux')"
  expect(markerApplies(system, mac)).toBe(false)
  expect(markerApplies(system, { ...mac, minor: 11 })).toBe(true)
  expect(markerApplies(system, linux)).toBe(true)
  expect(markerApplies("platform_machine != 'x86_64'", linux)).toBe(false)
  expect(markerApplies("python_full_version >= '3.13'", linux)).toBe(false)
  expect(markerApplies("implementation_name == 'cpython'", linux)).toBe(true)
})

describe('an export', () => {
  const names = new Map([
    [hash('a'), 'numpy-1-cp312-cp312-macosx_14_0_arm64.whl'],
    [hash('b'), 'numpy-1-cp312-cp312-manylinux_2_28_x86_64.whl'],
    [hash('c'), 'numpy-1-cp312-cp312-musllinux_1_2_x86_64.whl'],
    [hash('d'), 'numpy-1.tar.gz'],
  ])
  const lines = (...letters: string[]) => letters.map((letter) => `    --hash=${hash(letter)}`).join(' \\\n')
  const exported = (marker = '') =>
    `numpy==1${marker} \\\n${lines('a', 'b', 'c', 'd')}\n    # via mlx\nother==2`

  it('keeps only usable hashes, and that of the source if a system has no wheel', () => {
    expect(keepUsableHashes(exported(), names, [mac, linux])).toBe(
      `numpy==1 \\\n${lines('a', 'b')}\n    # via mlx\nother==2`,
    )
    expect(keepUsableHashes(exported(), names, [mac, linux, arm])).toBe(
      `numpy==1 \\\n${lines('a', 'b', 'd')}\n    # via mlx\nother==2`,
    )
  })

  it('respects the marker of the package', () => {
    const marker = " ; sys_platform == 'darwin'"
    expect(keepUsableHashes(exported(marker), names, [mac, linux])).toBe(
      `numpy==1${marker} \\\n${lines('a')}\n    # via mlx\nother==2`,
    )
  })

  it('is refused if nothing usable is left or a hash is unknown', () => {
    const wheel = `numpy==1 \\\n${lines('c')}`
    expect(() => keepUsableHashes(wheel, names, [linux])).toThrow('No usable file is left for numpy==1')
    expect(() => keepUsableHashes(wheel, new Map(), [linux])).toThrow('uv.lock has no file with the hash')
  })

  it('finds the names of files in uv.lock', () => {
    const lock = `[[package]]
name = "a"
sdist = { url = "x/y/a-1.tar.gz", hash = "${hash('d')}" }
wheels = [{ url = "x/y/a-1%2Bcpu-py3-none-any.whl", hash = "${hash('a')}" }]
[[package]]
name = "the-project"
`
    expect(Object.fromEntries(fileNames(lock))).toEqual({
      [hash('a')]: 'a-1+cpu-py3-none-any.whl',
      [hash('d')]: 'a-1.tar.gz',
    })
  })
})

it('the targets are the machines that MLX has wheels for', () => {
  expect(targetsOn(['linux', 'darwin'])).toHaveLength(12)
  expect(targetsOn(['darwin']).map(({ machine, minor }) => `${machine} ${minor}`)).toEqual([
    'arm64 11',
    'arm64 12',
    'arm64 13',
    'arm64 14',
  ])
})
