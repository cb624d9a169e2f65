import { describe, expect, it } from 'vitest'
import {
  findReadyPython,
  isRefusal,
  type PlanInput,
  planSetup,
  pythonRequest,
} from '../../src/setup/plan/plan.ts'
import { applePython, appleSilicon, debian, goodPython, mlxPython, planInput } from './machines.ts'

function planned(changes: Partial<PlanInput>) {
  const plan = planSetup(planInput(changes))
  if (isRefusal(plan)) throw new Error(`${plan.reason} ${plan.next.join(' | ')}`)
  return plan
}

function refused(changes: Partial<PlanInput>): string {
  const plan = planSetup(planInput(changes))
  if (!isRefusal(plan)) throw new Error(`planned ${plan.method}`)
  expect(plan.next.length).toBeGreaterThan(0)
  return `${plan.reason}\n${plan.next.join('\n')}`
}

describe('without --env', () => {
  it('uses the uv and the Python that exist', () => {
    expect(planned({ uv: '/bin/uv', pythons: [goodPython] })).toEqual({
      method: 'uv',
      uv: { path: '/bin/uv' },
      python: '/usr/bin/python3',
      fallback: { method: 'pip', python: goodPython },
    })
    expect(planned({ uv: '/bin/uv', pythons: [goodPython], method: 'uv' })).not.toHaveProperty('fallback')
  })

  it('lets uv find or download a Python if none is compatible', () => {
    expect(planned({ uv: '/bin/uv' })).toMatchObject({ method: 'uv', python: pythonRequest })
    expect(planned({ uv: '/bin/uv', system: appleSilicon, pythons: [applePython] })).toMatchObject({
      python: pythonRequest,
    })
  })

  it("fetches uv with Apple's Python 3.9 on a stock Mac", () => {
    expect(planned({ system: appleSilicon, pythons: [applePython] })).toEqual({
      method: 'uv',
      uv: { fetchWith: applePython },
      python: pythonRequest,
    })
  })

  it('falls back to pip if uv cannot be fetched', () => {
    expect(planned({ pythons: [goodPython] })).toMatchObject({
      method: 'uv',
      uv: { fetchWith: goodPython },
      fallback: { method: 'pip', python: goodPython },
    })
  })

  it('skips a Python that does not run', () => {
    const broken = { path: '/broken/python3', problem: 'it exits with 127' }
    expect(planned({ pythons: [broken, goodPython] })).toMatchObject({ python: goodPython.path })
  })

  it('fetches uv with the pip of a virtual environment if Python has none', () => {
    const python = { ...goodPython, pip: false }
    expect(planned({ pythons: [python] })).toMatchObject({ method: 'uv', uv: { fetchWith: python } })
  })

  it('does not fetch uv with a Python that is too old', () => {
    const ancient = {
      ...goodPython,
      path: '/ancient/python3',
      version: [3, 7, 16] as [number, number, number],
    }
    expect(planned({ pythons: [ancient, goodPython] })).toMatchObject({ uv: { fetchWith: goodPython } })
    expect(refused({ pythons: [ancient] })).toContain('/ancient/python3 (Python 3.7.16)')
  })

  it('prefers a Python that can make environments', () => {
    const bare = { ...goodPython, path: '/bare/python3', ensurepip: false }
    expect(planned({ pythons: [bare, goodPython] })).toMatchObject({ python: goodPython.path })
  })

  it('says what to install on Debian without uv, pip and ensurepip', () => {
    const text = refused({ pythons: [{ ...goodPython, pip: false, ensurepip: false }] })
    expect(text).toContain('that needs Python 3.8 or newer with pip or ensurepip')
    expect(text).toContain('sudo apt install python3-venv python3-pip')
  })

  it.each([
    ['fedora', 'sudo dnf install uv'],
    ['arch', 'sudo pacman -S uv'],
    ['nixos', 'with your package manager'],
  ])('says what to install on %s without uv and Python', (distribution, command) => {
    expect(refused({ system: { ...debian, distributions: [distribution] } })).toContain(command)
  })

  it('says what to install on a Mac without command line tools', () => {
    const text = refused({ system: appleSilicon })
    expect(text).toContain('neither uv nor a working Python')
    expect(text).toContain('brew install uv')
    expect(text).toContain('xcode-select --install')
  })
})

describe('--env pip', () => {
  it('uses the first compatible Python', () => {
    expect(planned({ method: 'pip', uv: '/bin/uv', pythons: [applePython, goodPython] })).toEqual({
      method: 'pip',
      python: goodPython,
    })
  })

  it("explains Debian's missing ensurepip", () => {
    const text = refused({ method: 'pip', pythons: [{ ...goodPython, ensurepip: false }] })
    expect(text).toContain('ensurepip')
    expect(text).toContain('sudo apt install python3.12-venv')
  })

  it('lists each Python and why it is not compatible', () => {
    const text = refused({
      method: 'pip',
      pythons: [applePython, { path: '/x/python', problem: 'it exits with 1' }],
    })
    expect(text).toContain('it is Python 3.9.6; 3.11 or newer is required')
    expect(text).toContain('/x/python: it exits with 1')
    expect(text).toContain('npm run setup -- --env uv')
  })
})

describe('a Python with the package mlx-app', () => {
  const withVersion = (version: string) => ({
    ...mlxPython,
    packages: { ...mlxPython.packages, 'mlx-app': version },
  })

  it('is used in an active virtual environment if it has the same version', () => {
    const named = { by: 'VIRTUAL_ENV', python: withVersion('1.2.3') }
    expect(planned({ named })).toEqual({ method: 'existing', ...named })
  })

  it.each([
    ['MLX_PYTHON', 'Or correct MLX_PYTHON'],
    ['VIRTUAL_ENV', 'Or leave the active virtual environment: deactivate'],
  ])('is refused with both versions if they differ: %s', (by, correction) => {
    const text = refused({ named: { by, python: withVersion('1.2.2') } })
    expect(text).toContain('it has mlx-app 1.2.2, but the npm package mlx-app has version 1.2.3')
    expect(text).toContain(`${mlxPython.path} (${by}):`)
    expect(text).toContain(correction)
  })

  it('comes with the command that installs the same version, with pip or with uv', () => {
    const python = { ...withVersion('1.2.2'), path: '/my apps/venv/bin/python' }
    const refusalFor = (pip: boolean) =>
      refused({ named: { by: 'MLX_PYTHON', python: { ...python, pip } }, requirement: '/a/mlx_app.whl' })
    expect(refusalFor(true)).toContain("'/my apps/venv/bin/python' -m pip install /a/mlx_app.whl ")
    expect(refusalFor(false)).toContain("uv pip install --python '/my apps/venv/bin/python' /a/mlx_app.whl ")
  })

  it('is ignored on the PATH without --env existing', () => {
    const pythons = [withVersion('1.2.3')]
    expect(planned({ pythons, uv: '/bin/uv' }).method).toBe('uv')
    expect(planned({ pythons, method: 'existing' })).toEqual({ method: 'existing', python: pythons[0] })
  })
})

describe('a Python that the user names', () => {
  it('is used if MLX_PYTHON names it, on any machine', () => {
    const named = { by: 'MLX_PYTHON', python: mlxPython }
    expect(planned({ named, system: { ...debian, glibcVersion: '2.31' } })).toEqual({
      method: 'existing',
      ...named,
    })
  })

  it.each([
    ['too old', { ...mlxPython, version: [3, 9, 18] as [number, number, number] }, '3.11 or newer'],
    [
      'too new',
      { ...mlxPython, version: [3, 15, 0] as [number, number, number] },
      'do not support versions after 3.14',
    ],
    ['PyPy', { ...mlxPython, implementation: 'pypy' }, 'not CPython'],
    ['free-threaded', { ...mlxPython, freeThreaded: true }, 'free-threaded'],
    ['without the packages', goodPython, 'mlx, mlx-lm, msgspec not installed'],
    [
      'with another mlx-lm',
      { ...mlxPython, packages: { ...mlxPython.packages, 'mlx-lm': '0.31.0' } },
      'mlx-lm 0.31.0, but 0.32.2 is required',
    ],
  ])('is refused if it is %s', (_, python, reason) => {
    expect(refused({ named: { by: 'MLX_PYTHON', python } })).toContain(reason)
  })

  it('is refused if it does not run, with the name of the variable', () => {
    const named = {
      by: 'MLX_SERVING_PYTHON_PATH',
      python: { path: '/no/python', problem: 'it does not exist' },
    }
    expect(refused({ named })).toContain('MLX_SERVING_PYTHON_PATH is set to /no/python: it does not exist.')
  })

  it('is the base of the environment if --python names it', () => {
    const named = { by: '--python', python: { ...goodPython, path: '/my/python' } }
    expect(planned({ named, uv: '/bin/uv', pythons: [goodPython] })).toMatchObject({ python: '/my/python' })
    expect(refused({ named: { by: '--python', python: applePython } })).toContain('--python is set to')
  })

  it('is found with --env existing', () => {
    expect(planned({ method: 'existing', pythons: [goodPython, mlxPython] })).toEqual({
      method: 'existing',
      python: mlxPython,
    })
    expect(refused({ method: 'existing', pythons: [goodPython] })).toContain('set MLX_PYTHON to the path')
  })
})

it('finds a Python that has all packages already', () => {
  expect(findReadyPython(planInput({ pythons: [goodPython, mlxPython] }))).toBe(mlxPython)
  expect(findReadyPython(planInput({ pythons: [goodPython] }))).toBeUndefined()
})

describe('--cuda', () => {
  it('is for Linux', () => {
    expect(planned({ cuda: true, uv: '/bin/uv' }).method).toBe('uv')
    expect(refused({ cuda: true, uv: '/bin/uv', system: appleSilicon })).toContain('NVIDIA')
  })
})
