import type { Check } from './check.ts'
import { disk, memory, node } from './machine.ts'
import { hello, model, project } from './model.ts'
import { lock, mlx, mlxLm, python, uv, vision } from './python.ts'

/** The checks of the doctor, in order. Add new ones here. */
export const checks: Check[] = [
  node,
  project,
  python,
  uv,
  mlx,
  mlxLm,
  vision,
  lock,
  disk,
  model,
  memory,
  hello,
]
