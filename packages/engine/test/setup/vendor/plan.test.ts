/** Every option of `mlx-app vendor`, by its flag and by its variable. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  noRelocatablePython,
  type RelocatablePython,
  relocatablePython,
} from '../../../../../test/support/relocatable-python.ts'
import { EngineError } from '../../../src/engine/index.ts'
import { findInterpreter, findProject } from '../../../src/engine/project/index.ts'
import { UsageError } from '../../../src/setup/commands/usage-error.ts'
import { vendorFlags } from '../../../src/setup/commands/vendor-flags.ts'
import { type VendorProject, vendorProject } from './vendor-project.ts'

const shared = findInterpreter(findProject(import.meta.dirname)).python
let project: VendorProject

beforeEach(async () => {
  project = await vendorProject()
  return () => project.remove()
})

/** Returns why a plan is refused. */
async function refusal(words: readonly string[], environment?: NodeJS.ProcessEnv): Promise<string> {
  try {
    await project.plan(words, environment)
  } catch (error) {
    if (EngineError.isInstance(error)) return error.describe()
    if (error instanceof UsageError) return `Usage: ${error.message}`
    throw error
  }
  throw new Error('It was not refused.')
}

test('nothing is written by a dry run, which says what would be', async () => {
  const { exitCode, stdout } = await project.run(['--dry-run', '--target-platform', 'darwin-arm64'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('For macOS 14.0 (arm64)')
  expect(stdout).toContain(join(project.root, 'dist-ext-python', 'my-desk', '_vendor'))
  expect(stdout).toContain('Nothing was done')
  expect(readdirSync(project.root).sort()).toEqual(['mlx.config.json', 'package.json'])
})

test('without options, the target is this machine with the Python of the system', async () => {
  const plan = await project.plan([])
  expect(plan).toMatchObject({
    name: 'my-desk',
    binName: 'my-desk',
    version: '2.0.1',
    distDirectory: join(project.root, 'dist-ext-python'),
    clean: false,
    target: { name: `${process.platform}-${process.arch}` },
    abi: `cp3${plan.target.minor}`,
    interpreter: 'download',
    customWheels: [],
    installArguments: [],
    runsHere: true,
  })
  expect(plan.systemPython?.version[1]).toBe(plan.target.minor)
})

/** The texts of an option, and a part of the plan that it changes. */
const cases = [
  ['--target-python', 'TARGET_PY_VERSION', '3.13', { target: { minor: 13 }, abi: 'cp313' }],
  ['--target-python', 'TARGET_PY_VERSION', '312', { target: { minor: 12 }, abi: 'cp312' }],
  [
    '--target-platform',
    'TARGET_PLATFORM',
    'macosx_15_0_arm64',
    { target: { name: 'darwin-arm64', oldest: '15.0' } },
  ],
  [
    '--target-platform',
    'TARGET_PLATFORM',
    'manylinux_2_39_aarch64',
    { target: { name: 'linux-arm64', oldest: '2.39' } },
  ],
  ['--app-version', 'VERSION', '3.0.0-beta.1', { version: '3.0.0-beta.1' }],
  ['--bin-name', 'BIN_NAME', 'mlx-serve', { name: 'my-desk', binName: 'mlx-serve' }],
  ['--dist-dir', 'DIST_DIR', '/tmp/elsewhere', { distDirectory: '/tmp/elsewhere' }],
] as const

test.each(cases)('%s and %s=%s', async (flag, variable, value, expected) => {
  expect(await project.plan([flag, value])).toMatchObject(expected)
  expect(await project.plan([], { [variable]: value })).toMatchObject(expected)
})

test('a flag takes precedence over its variable', async () => {
  expect(await project.plan(['--app-version', '1.0.0'], { VERSION: '2.0.0' })).toMatchObject({
    version: '1.0.0',
  })
})

test('--min-macos and MACOSX_DEPLOYMENT_TARGET set the oldest macOS', async () => {
  const mac = ['--target-platform', 'darwin-arm64']
  expect((await project.plan([...mac])).target.oldest).toBe('14.0')
  expect((await project.plan([...mac, '--min-macos', '15'])).target.oldest).toBe('15.0')
  expect((await project.plan(mac, { MACOSX_DEPLOYMENT_TARGET: '15.2' })).target.oldest).toBe('15.2')
  expect(await refusal([...mac, '--min-macos', '13.0'])).toContain('MLX needs macOS 14.0 or newer')
  expect(await refusal(['--target-platform', 'macosx_14_0_arm64', '--min-macos', '15.0'])).toContain(
    'Give only one of',
  )
})

test('the oldest macOS is for macOS only', async () => {
  const linux = ['--target-platform', 'linux-x64']
  expect(await refusal([...linux, '--min-macos', '14.0'])).toContain('--min-macos is for macOS')
  expect((await project.plan(linux, { MACOSX_DEPLOYMENT_TARGET: '15.0' })).target.oldest).toBe('2.35')
})

test('flags that npm kept for itself are not ignored', async () => {
  const npm = {
    npm_lifecycle_event: 'vendor',
    npm_config_user_agent: 'npm/11.0.0 node/v24',
    npm_config_dry_run: 'true',
  }
  expect(await refusal([], npm)).toMatch(
    /^Usage: npm did not pass on --dry-run\. Put -- before the options: /,
  )
  expect(await project.plan(['--dry-run'], npm)).toMatchObject({ name: 'my-desk' })
  expect(await project.plan([], { ...npm, npm_config_dry_run: '', npm_config_python: '/x' })).toMatchObject({
    name: 'my-desk',
  })
})

test('--target-abi and TARGET_ABI must fit the version of Python', async () => {
  const python = ['--target-python', '3.12']
  expect((await project.plan([...python, '--target-abi', 'cp312'])).abi).toBe('cp312')
  expect(await refusal([...python, '--target-abi', 'cp311'])).toContain('does not fit Python 3.12')
  expect(await refusal(python, { TARGET_ABI: 'cp313' })).toContain('The ABI cp313')
})

test('--wheels-only and VENDOR_VIA_WHEELS=1 leave the interpreter out', async () => {
  expect((await project.plan(['--wheels-only'])).interpreter).toBeUndefined()
  expect((await project.plan([], { VENDOR_VIA_WHEELS: '1' })).interpreter).toBeUndefined()
  expect((await project.plan([], { VENDOR_VIA_WHEELS: '0' })).interpreter).toBe('download')
  expect(await refusal(['--wheels-only', '--python', '/somewhere'])).toContain('--wheels-only leaves it out')
  const { exitCode, stderr } = await project.run(['--dry-run'], { VENDOR_VIA_WHEELS: 'maybe' })
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringContaining('VENDOR_VIA_WHEELS must be 1 or 0, not maybe.'),
  ])
})

test('what follows -- and PIP_ARGS are passed on as words', async () => {
  const words = ['--no-index', '--find-links', '/my wheels']
  expect((await project.plan(['--', ...words])).installArguments).toEqual(words)
  const text = `--no-index --find-links "/my wheels"`
  expect((await project.plan([], { PIP_ARGS: text })).installArguments).toEqual(words)
  expect((await project.plan([], { PIP_ARGS: `--a='b c' $(d) "" ` })).installArguments).toEqual([
    '--a=b c',
    '$(d)',
    '',
  ])
  expect(await refusal([], { PIP_ARGS: '--find-links "x' })).toContain(
    'Usage: PIP_ARGS has a quote that is not closed',
  )
})

test.each([
  [['--nonsense'], "Unknown option '--nonsense'"],
  [['extra'], 'extra'],
  [['--bin-name', ' '], '--bin-name must not be empty.'],
])('wrong usage: %j', async (words, message) => {
  expect(await refusal(words)).toMatch(/^Usage: /)
  expect(await refusal(words)).toContain(message)
})

test('the exit code of wrong usage is 2, and 1 for what is not possible', async () => {
  expect(await project.run(['--nonsense'])).toMatchObject({ exitCode: 2, stdout: '' })
  const { exitCode, stderr } = await project.run(['--dry-run', '--target-python', '3.9'])
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Use a version from 3.11 to 3.14.')])
})

test.each([
  [['--target-platform', 'win32-x64'], 'MLX has no packages for the platform win32-x64.'],
  [['--target-platform', 'macosx_13_0_arm64'], 'MLX needs macOS 14.0 or newer'],
  [['--target-platform', 'manylinux_2_28_x86_64'], 'MLX needs glibc 2.35 or newer'],
  [['--target-python', '3.9'], 'no wheels for Python 3.9'],
  [['--target-python', 'three'], 'must be like 3.12, not three'],
  [['--bin-name', '../evil'], "The launcher can't be named ../evil, but only letters, digits and ._-."],
  [['--bin-name', 'version'], 'which is the name of another part'],
])('what is not possible is refused: %j', async (words, message) => {
  expect(await refusal(words)).toContain(message)
})

test('--help lists every flag and variable', async () => {
  const { exitCode, stdout } = await project.run(['--help'])
  expect(exitCode).toBe(0)
  for (const [flag, { variable }] of Object.entries(vendorFlags)) {
    expect(stdout).toContain(`--${flag}`)
    if (variable !== '') expect(stdout).toContain(`[${variable}]`)
  }
  expect(stdout).toContain('[PIP_ARGS]')
})

describe('the interpreter', { skip: noRelocatablePython !== undefined }, () => {
  let relocatable: RelocatablePython
  beforeAll(() => {
    relocatable = relocatablePython()
  })
  afterAll(() => relocatable.remove())

  test('is that of --python or EMBEDDED_PYTHON, then ./python, then one that uv downloads', async () => {
    const { folder, minor } = relocatable
    symlinkSync(folder, join(project.root, 'python'))
    expect(await project.plan([])).toMatchObject({
      // Not the link itself: a copy of it would lead to the files of the user, which would be pruned.
      interpreter: { by: './python', folder },
      target: { minor },
    })
    expect((await project.plan(['--python', folder])).interpreter).toMatchObject({ folder })
    expect((await project.plan([], { EMBEDDED_PYTHON: folder })).interpreter).toMatchObject({ folder })
    expect((await project.plan(['--python', join(folder, 'bin', 'python3')])).interpreter).toMatchObject({
      folder,
    })
    expect(await refusal(['--target-python', '3.13'])).toContain(
      `./python is Python 3.${minor}, but --target-python`,
    )
  })

  test('must be for the target', async () => {
    const mac = ['--target-platform', 'darwin-arm64', '--python', relocatable.folder]
    expect(await refusal(mac)).toMatch(/is for linux \(x86_64\), not for darwin-arm64.*--wheels-only/s)
  })

  test('of a uv project in ./python is not one to ship', async () => {
    mkdirSync(join(project.root, 'python', '.venv'), { recursive: true })
    expect((await project.plan([])).interpreter).toBe('download')
  })

  test.each([
    ['missing', '/no/such/folder', 'EMBEDDED_PYTHON is /no/such/folder, which does not exist.'],
    ['a Python of the system', '/usr/bin/python3', 'is a Python of the system'],
    ['a virtual environment', shared, 'is a virtual environment'],
  ])('is refused if it is %s', async (_, path, message) => {
    expect(await refusal([], { EMBEDDED_PYTHON: path })).toContain(message)
  })

  test('is refused if it does not run', async () => {
    const folder = join(project.root, 'broken')
    mkdirSync(join(folder, 'bin'), { recursive: true })
    writeFileSync(join(folder, 'bin', 'python3'), '#!/bin/sh\nexit 3\n', { mode: 0o755 })
    expect(await refusal(['--python', folder])).toContain('which does not run: exit code 3')
  })
})

describe('custom wheels', () => {
  const mac = ['--target-platform', 'darwin-arm64', '--target-python', '3.12']
  const file = (name: string) => {
    mkdirSync(join(project.root, 'custom-wheels'), { recursive: true })
    const path = join(project.root, 'custom-wheels', name)
    writeFileSync(path, '')
    return path
  }

  test('are found in custom-wheels/, if one is for the target', async () => {
    const path = file('mlx-0.33.0.dev1-cp312-cp312-macosx_14_0_arm64.whl')
    const lm = file('mlx_lm-0.33.0-py3-none-any.whl')
    file('mlx-0.33.0.dev1-cp312-cp312-manylinux_2_35_x86_64.whl')
    expect((await project.plan(mac)).customWheels).toEqual([
      { name: 'mlx', version: '0.33.0.dev1', path },
      { name: 'mlx-lm', version: '0.33.0', path: lm },
    ])
    file('mlx-0.33.0.dev2-cp312-cp312-macosx_14_0_arm64.whl')
    expect(await refusal(mac)).toContain('more than one is for macOS 14.0')
    const python = ['--target-platform', 'darwin-arm64', '--target-python', '3.13']
    expect(await refusal(python)).toContain('none is for macOS 14.0 (arm64), Python 3.13')
  })

  test.each([
    ['--mlx-wheel', 'MLX_WHEEL', 'mlx-9.9-cp312-cp312-macosx_14_0_arm64.whl', 'mlx'],
    ['--mlx-lm-wheel', 'MLX_LM_WHEEL', 'mlx_lm-9.9-py3-none-any.whl', 'mlx-lm'],
  ])('%s and %s name one', async (flag, variable, name, expected) => {
    const path = join(project.root, name)
    writeFileSync(path, '')
    const wheels = [{ name: expected, version: '9.9', path }]
    expect((await project.plan([...mac, flag, path])).customWheels).toEqual(wheels)
    expect((await project.plan(mac, { [variable]: path })).customWheels).toEqual(wheels)
    expect(await refusal([...mac, flag, `${path}.old`])).toContain('does not exist')
    const other = file('other-1.0-py3-none-any.whl')
    expect(await refusal([...mac, flag, other])).toContain(`is not a wheel of ${expected}`)
    const wrong = file(`${expected.replace('-', '_')}-1.0-cp311-cp311-macosx_14_0_arm64.whl`)
    expect(await refusal([...mac, flag, wrong])).toContain('is not for macOS 14.0 (arm64), Python 3.12')
  })

  test('must support the oldest macOS of the app', async () => {
    const path = file('mlx-9.9-cp312-cp312-macosx_15_0_arm64.whl')
    expect(await refusal([...mac, '--mlx-wheel', path])).toContain('is not for macOS 14.0')
    expect(
      (await project.plan([...mac, '--min-macos', '15.0', '--mlx-wheel', path])).customWheels,
    ).toHaveLength(1)
  })
})

describe('the output', () => {
  test('is cleaned only inside the project, and only if it was made by vendor', async () => {
    expect((await project.plan(['--clean'])).clean).toBe(true)
    expect((await project.plan([], { CLEAN: '1' })).clean).toBe(true)
    expect(await refusal(['--dist-dir', '/tmp/elsewhere'], { CLEAN: '1' })).toContain('is outside of')
    mkdirSync(join(project.root, 'src', 'main'), { recursive: true })
    expect(await refusal(['--clean', '--dist-dir', join(project.root, 'src')])).toContain(
      'main was not made by mlx-app vendor, so it is not deleted',
    )
    symlinkSync('/tmp', join(project.root, 'link'))
    expect(await refusal(['--clean', '--dist-dir', join(project.root, 'link', 'x')])).toContain(
      'is outside of',
    )
    expect(existsSync(join(project.root, 'src', 'main'))).toBe(true)
  })

  test('replaces nothing of the user', async () => {
    mkdirSync(join(project.root, 'my-desk'))
    expect(await refusal(['--dist-dir', project.root])).toContain('must be a folder of its own')
    mkdirSync(join(project.root, 'out', 'python'), { recursive: true })
    expect(await refusal(['--dist-dir', join(project.root, 'out')])).toContain('so it is not replaced')
    expect(await refusal(['--dist-dir', join(project.root, 'package.json')])).toContain('is not a folder')
  })

  test.each([
    ['python', 'which is the name of another part'],
    ['../up', 'but only letters'],
  ])('is not named %s', async (name, message) => {
    writeFileSync(join(project.root, 'package.json'), JSON.stringify({ name }))
    expect(await refusal(['--bin-name', 'desk'])).toContain(message)
  })

  test('in a folder named like one that is being made is not deleted', async () => {
    const dist = join(project.root, '.vendor-files', 'out')
    mkdirSync(join(dist, 'notes'), { recursive: true })
    expect(await refusal(['--clean', '--dist-dir', dist])).toContain('notes was not made by mlx-app vendor')
  })
})
