import type { Python } from '../../src/setup/machine/interpreter.ts'
import type { System } from '../../src/setup/machine/system.ts'
import type { PlanInput } from '../../src/setup/plan/plan.ts'

/** Machines as data, so that the plan for each of them can be tested on any machine. */
export const appleSilicon: System = {
  platform: 'darwin',
  architecture: 'arm64',
  translated: false,
  macosVersion: '26.1',
  distributions: [],
}

export const debian: System = {
  platform: 'linux',
  architecture: 'x64',
  translated: false,
  glibcVersion: '2.36',
  distributions: ['debian'],
}

/** A Python 3.12 that has everything except MLX. */
export const goodPython: Python = {
  path: '/usr/bin/python3',
  version: [3, 12, 4],
  implementation: 'cpython',
  machine: 'x86_64',
  freeThreaded: false,
  pip: true,
  venv: true,
  ensurepip: true,
  packages: { mlx: null, 'mlx-lm': null, msgspec: null, 'mlx-app': null },
}

/** The Python of Apple's command line tools. */
export const applePython: Python = {
  ...goodPython,
  version: [3, 9, 6],
  machine: 'arm64',
}

export const mlxPython: Python = {
  ...goodPython,
  path: '/opt/mlx/bin/python',
  packages: { mlx: '0.32.4', 'mlx-lm': '0.32.2', msgspec: '0.22.0', 'mlx-app': null },
}

export function planInput(changes: Partial<PlanInput>): PlanInput {
  return {
    system: debian,
    cuda: false,
    pythons: [],
    required: { mlxLm: '0.32.2', mlxApp: '1.2.3' },
    setupCommand: 'npm run setup',
    commandForMethod: (method) => `npm run setup -- --env ${method}`,
    ...changes,
  }
}
