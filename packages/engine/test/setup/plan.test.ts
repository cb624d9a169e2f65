import { describe, expect, it } from 'vitest'
import {
  findReadyPython,
  isRefusal,
  type PlanInput,
  planSetup,
  pythonRequest,
} from '../../src/setup/plan/plan.ts'
import { applePython, appleSilicon, debian, goodPython, mlxPython, situation } from './machines.ts'

function planned(changes: Partial<PlanInput>) {
  const plan = planSetup(situation(changes))
  if (isRefusal(plan)) throw new Error(`${plan.reason} ${plan.next.join(' | ')}`)
  return plan
}

function refused(changes: Partial<PlanInput>): string {
  const plan = planSetup(situation(changes))
  if (!isRefusal(plan)) throw new Error(`planned ${plan.way}`)
  expect(plan.next.length).toBeGreaterThan(0)
  return `${plan.reason}\n${plan.next.join('\n')}`
}

describe('without a wish', () => {
  it('takes the uv that is there, with the Python that is there', () => {
    expect(planned({ uv: '/bin/uv', pythons: [goodPython] })).toEqual({
      way: 'uv',
      uv: { path: '/bin/uv' },
      python: '/usr/bin/python3',
    })
  })

  it('leaves it to uv to find or bring a Python where none is fit', () => {
    expect(planned({ uv: '/bin/uv' })).toMatchObject({ way: 'uv', python: pythonRequest })
    expect(planned({ uv: '/bin/uv', system: appleSilicon, pythons: [applePython] })).toMatchObject({
      python: pythonRequest,
    })
  })

  it("gets uv through Apple's Python 3.9 on a stock Mac", () => {
    expect(planned({ system: appleSilicon, pythons: [applePython] })).toEqual({
      way: 'uv',
      uv: { through: applePython },
      python: pythonRequest,
    })
  })

  it('keeps pip in reserve where uv can not be fetched', () => {
    expect(planned({ pythons: [goodPython] })).toMatchObject({
      way: 'uv',
      uv: { through: goodPython },
      otherwise: { way: 'pip', python: goodPython },
    })
  })

  it('skips what does not run', () => {
    const broken = { path: '/broken/python3', problem: 'it exits with 127' }
    expect(planned({ pythons: [broken, goodPython] })).toMatchObject({ python: goodPython.path })
  })

  it('gets uv by the pip that a virtual environment lends, where Python has none', () => {
    const python = { ...goodPython, pip: false }
    expect(planned({ pythons: [python] })).toMatchObject({ way: 'uv', uv: { through: python } })
  })

  it('does not ask a Python for uv that is too old even for that', () => {
    const ancient = {
      ...goodPython,
      path: '/ancient/python3',
      version: [3, 7, 16] as [number, number, number],
    }
    expect(planned({ pythons: [ancient, goodPython] })).toMatchObject({ uv: { through: goodPython } })
    expect(refused({ pythons: [ancient] })).toContain('/ancient/python3 (Python 3.7.16)')
  })

  it('prefers a Python that can make environments', () => {
    const bare = { ...goodPython, path: '/bare/python3', ensurepip: false }
    expect(planned({ pythons: [bare, goodPython] })).toMatchObject({ python: goodPython.path })
  })

  it('says what to install on a Debian without uv, pip and ensurepip', () => {
    const text = refused({ pythons: [{ ...goodPython, pip: false, ensurepip: false }] })
    expect(text).toContain('that takes Python 3.8 with pip or ensurepip')
    expect(text).toContain('sudo apt install python3-venv python3-pip')
  })

  it.each([
    ['fedora', 'sudo dnf install uv'],
    ['arch', 'sudo pacman -S uv'],
    ['nixos', 'by your package manager'],
  ])('says what to install on %s, which has nothing', (distribution, command) => {
    expect(refused({ system: { ...debian, distributions: [distribution] } })).toContain(command)
  })

  it('says what to install on a Mac without command line tools', () => {
    const text = refused({ system: appleSilicon })
    expect(text).toContain('neither uv nor a Python')
    expect(text).toContain('brew install uv')
    expect(text).toContain('xcode-select --install')
  })
})

describe('--env pip', () => {
  it('takes the first fit Python', () => {
    expect(planned({ way: 'pip', uv: '/bin/uv', pythons: [applePython, goodPython] })).toEqual({
      way: 'pip',
      python: goodPython,
    })
  })

  it('works where the system owns the packages of its Python: it gets an environment of its own', () => {
    expect(planned({ way: 'pip', pythons: [{ ...goodPython, externallyManaged: true }] }).way).toBe('pip')
  })

  it("explains Debian's missing ensurepip", () => {
    const text = refused({ way: 'pip', pythons: [{ ...goodPython, ensurepip: false }] })
    expect(text).toContain('ensurepip')
    expect(text).toContain('sudo apt install python3.12-venv')
  })

  it('names each Python that it found and why it is not fit', () => {
    const text = refused({
      way: 'pip',
      pythons: [applePython, { path: '/x/python', problem: 'it exits with 1' }],
    })
    expect(text).toContain('it is Python 3.9.6, and 3.11 or newer is needed')
    expect(text).toContain('/x/python: it exits with 1')
    expect(text).toContain('npm run setup -- --env uv')
  })
})

describe('a Python with the package mlx-app', () => {
  const withVersion = (version: string) => ({
    ...mlxPython,
    packages: { ...mlxPython.packages, 'mlx-app': version },
  })

  it('is used as it is in an active virtual environment, where it has the same version', () => {
    const named = { by: 'VIRTUAL_ENV', python: withVersion('1.2.3') }
    expect(planned({ named })).toEqual({ way: 'existing', python: named.python })
  })

  it.each(['MLX_PYTHON', 'VIRTUAL_ENV'])('is refused with both versions where they differ: %s', (by) => {
    const text = refused({ named: { by, python: withVersion('1.2.2') } })
    expect(text).toContain('it has mlx-app 1.2.2, and the npm package mlx-app has version 1.2.3')
    expect(text).toContain(`Or correct ${by}`)
  })

  it('is passed by on the PATH unless it is asked for', () => {
    const pythons = [withVersion('1.2.3')]
    expect(planned({ pythons, uv: '/bin/uv' }).way).toBe('uv')
    expect(planned({ pythons, way: 'existing' })).toEqual({ way: 'existing', python: pythons[0] })
  })
})

describe('a Python that the user names', () => {
  it('is used as it is when MLX_PYTHON names it, on any machine', () => {
    const named = { by: 'MLX_PYTHON', python: mlxPython }
    expect(planned({ named, system: { ...debian, glibcVersion: '2.31' } })).toEqual({
      way: 'existing',
      python: mlxPython,
    })
  })

  it.each([
    ['too old', { ...mlxPython, version: [3, 9, 18] as [number, number, number] }, '3.11 or newer'],
    ['too new', { ...mlxPython, version: [3, 15, 0] as [number, number, number] }, 'no builds beyond 3.14'],
    ['PyPy', { ...mlxPython, implementation: 'pypy' }, 'not CPython'],
    ['free-threaded', { ...mlxPython, freeThreaded: true }, 'free-threaded'],
    ['without the packages', goodPython, 'mlx, mlx-lm, msgspec not installed'],
    [
      'with another mlx-lm',
      { ...mlxPython, packages: { ...mlxPython.packages, 'mlx-lm': '0.31.0' } },
      'mlx-lm 0.31.0, and the app needs 0.32.2',
    ],
  ])('is refused when it is %s', (_, python, reason) => {
    expect(refused({ named: { by: 'MLX_PYTHON', python } })).toContain(reason)
  })

  it('is refused when it does not run, naming what named it', () => {
    const named = {
      by: 'MLX_SERVING_PYTHON_PATH',
      python: { path: '/no/python', problem: 'it does not exist' },
    }
    expect(refused({ named })).toContain('MLX_SERVING_PYTHON_PATH names /no/python: it does not exist.')
  })

  it('is what the environment is made from when --python names it', () => {
    const named = { by: '--python', python: { ...goodPython, path: '/my/python' } }
    expect(planned({ named, uv: '/bin/uv', pythons: [goodPython] })).toMatchObject({ python: '/my/python' })
    expect(refused({ named: { by: '--python', python: applePython } })).toContain('--python names')
  })

  it('is looked for with --env existing', () => {
    expect(planned({ way: 'existing', pythons: [goodPython, mlxPython] })).toEqual({
      way: 'existing',
      python: mlxPython,
    })
    expect(refused({ way: 'existing', pythons: [goodPython] })).toContain('MLX_PYTHON=/path/to/python')
  })
})

it('notices a Python that has everything already', () => {
  expect(findReadyPython(situation({ pythons: [goodPython, mlxPython] }))).toBe(mlxPython)
  expect(findReadyPython(situation({ pythons: [goodPython] }))).toBeUndefined()
})

describe('--cuda', () => {
  it('is for Linux', () => {
    expect(planned({ cuda: true, uv: '/bin/uv' }).way).toBe('uv')
    expect(refused({ cuda: true, uv: '/bin/uv', system: appleSilicon })).toContain('NVIDIA')
  })
})
