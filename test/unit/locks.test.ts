import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import {
  constraintsOf,
  constraintsToKeep,
  lockText,
  packagesOnlyIn,
  simplifyMarker,
  withConstraints,
  withCuda,
} from '../../scripts/lock-text.ts'

const read = (name: string) =>
  readFileSync(new URL(`../../packages/engine/python/${name}`, import.meta.url), 'utf8')
const held = [
  'requirements.lock',
  'requirements-dev.lock',
  'requirements-vision.lock',
  'requirements-server.lock',
]
const names = [...held, 'requirements-cuda.lock', 'requirements-uv.lock']

const mac = "platform_machine == 'arm64' and sys_platform == 'darwin'"
const x86 = "platform_machine == 'x86_64' and sys_platform == 'linux'"
const arm = "platform_machine == 'aarch64' and sys_platform == 'linux'"
const both = ['linux', 'darwin']

describe.each(names)('%s', (name) => {
  it('contains no index, host or local path', () => {
    expect(read(name)).not.toMatch(/:\/\/|--(extra-)?index-url|--find-links|\.(org|com|io)\b/)
    expect(read(name)).not.toMatch(/(^|\s)\/(home|root|tmp|work|Users|var)\//)
  })

  it('has a hash for every package', () => {
    const packages = read(name).match(/^[\w.-]+==/gm) ?? []
    expect(packages.length).toBeGreaterThan(0)
    expect(read(name).match(/^[\w.-]+==[^\n]*\\\n {4}--hash=sha256:/gm)?.length).toBe(packages.length)
  })
})

it('pyproject.toml carries the versions of the locks as constraints', () => {
  const pyproject = read('pyproject.toml')
  const constraints = constraintsOf(held.map(read))
  expect(constraints.length).toBeGreaterThan(30)
  expect(parse(pyproject)).toMatchObject({ tool: { uv: { 'constraint-dependencies': constraints } } })
})

it('the pins in pyproject.toml match the locks', () => {
  const versions = (name: string) => constraintsOf([read(name)])
  for (const pin of ['mlx==0.32.4', 'mlx-lm==0.32.2', 'msgspec==0.22.0']) {
    expect(read('pyproject.toml')).toContain(pin.replace('mlx==', 'mlx[cpu]=='))
    expect(versions('requirements.lock')).toContain(pin)
    expect(versions('requirements-cuda.lock')).toContain(pin)
  }
  expect(versions('requirements.lock').join()).not.toContain('cuda')
  expect(versions('requirements-cuda.lock').join()).not.toContain('mlx-cpu')
})

it('removes from a marker whatever is true on every system of the lock', () => {
  expect(simplifyMarker(`(${mac}) or (${arm}) or (${x86})`, both)).toBe('')
  expect(simplifyMarker(`(${arm}) or (${x86})`, both)).toBe("sys_platform == 'linux'")
  expect(simplifyMarker(`(${arm}) or (${x86})`, ['linux'])).toBe('')
  expect(simplifyMarker(mac, both)).toBe("sys_platform == 'darwin'")
  expect(simplifyMarker(x86, both)).toBe(x86)
  const old = [mac, arm, x86].map((system) => `(python_full_version < '3.12' and ${system})`).join(' or ')
  expect(simplifyMarker(old, both)).toBe("python_full_version < '3.12'")
  const mixed = `(python_full_version < '3.12' and ${mac}) or (${x86})`
  expect(simplifyMarker(mixed, both)).toBe(mixed)
  expect(simplifyMarker("python_full_version < '3.12'", both)).toBe("python_full_version < '3.12'")
})

it('keeps the hashes and reasons of an export unchanged', () => {
  const exported = `numpy==1.0 ; (${mac}) or (${arm}) or (${x86}) \\\n    --hash=sha256:ab\n    # via mlx\n`
  expect(lockText(exported, 'uv export', both)).toBe(
    '# Exact versions and hashes for Linux (x86_64, aarch64) and macOS (arm64), and for no other. Made from pyproject.toml by:\n' +
      '# uv export\nnumpy==1.0 \\\n    --hash=sha256:ab\n    # via mlx\n',
  )
})

it('removes the packages of another export, with their hashes and reasons', () => {
  const base = 'a==1 \\\n    --hash=sha256:aa\n    # via x\nb==2 ; m \\\n    --hash=sha256:bb\n'
  const more = `${base}b==3 ; n \\\n    --hash=sha256:cc\nc==4 \\\n    --hash=sha256:dd\n`
  expect(packagesOnlyIn(more, base)).toBe('b==3 ; n \\\n    --hash=sha256:cc\nc==4 \\\n    --hash=sha256:dd')
  expect(packagesOnlyIn(base, more)).toBe('')
})

it('constrains a package with two versions by their markers', () => {
  const lock =
    "b==2 ; python_version < '3' \\\nb==3 ; python_version >= '3' \\\na==1 ; sys_platform == 'linux' \\\n"
  expect(constraintsOf([lock])).toEqual([
    'a==1',
    "b==2 ; python_version < '3'",
    "b==3 ; python_version >= '3'",
  ])
})

it('edits only the constraints and the CUDA extra of pyproject.toml', () => {
  const pyproject = read('pyproject.toml')
  expect(withConstraints(withConstraints(pyproject, []), constraintsOf(held.map(read)))).toBe(pyproject)
  expect(withCuda(pyproject)).toContain('mlx[cuda12]==')
  expect(withCuda(pyproject)).not.toContain("sys_platform == 'darwin' and")
  expect(() => withCuda('')).toThrow('has no match')
})

it('lets a pin be changed: pinned packages and their parts are not constrained', () => {
  const constraints = constraintsToKeep(read('pyproject.toml')).join('\n')
  expect(constraints).toContain('transformers==')
  expect(constraints).not.toMatch(/^(mlx|mlx-cpu|mlx-metal|mlx-lm|mlx-vlm|msgspec)==/m)
})
