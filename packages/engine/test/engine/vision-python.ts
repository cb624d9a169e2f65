import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findInterpreter, interpreterIn, type Project } from '../../src/engine/project/index.ts'

/**
 * The interpreter that has the packages for images and embeddings: MLX_VISION_PYTHON, `venv-vision` beside the environment, or the
 * project's own after `npm run setup -- --with vision`. Undefined where none has them.
 *
 * @throws Error when MLX_VISION_PYTHON names one that lacks them.
 */
export function findVisionPython(project: Project): string | undefined {
  const { MLX_VISION_PYTHON: named } = process.env
  if (named) {
    if (!hasVision(named)) throw new Error(`MLX_VISION_PYTHON is ${named}, which can't import mlx-vlm.`)
    return named
  }
  const beside = interpreterIn(join(dirname(project.environmentFile), 'venv-vision'))
  return [beside, ownPython(project)].find((python) => python !== undefined && hasVision(python))
}

function ownPython(project: Project): string | undefined {
  try {
    return findInterpreter(project).python
  } catch {
    // There is none yet: what every other test says too.
    return undefined
  }
}

function hasVision(python: string): boolean {
  if (!existsSync(python)) return false
  const question =
    'import importlib.util as u, sys; sys.exit(not (u.find_spec("mlx_vlm") and u.find_spec("PIL")))'
  try {
    execFileSync(python, ['-c', question], { stdio: 'ignore' })
    return true
  } catch {
    // The exit code is the answer.
    return false
  }
}
