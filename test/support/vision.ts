/**
 * Vitest's globalSetup: in CI nothing of the engine's tests is skipped for want of the extra for images and
 * embeddings. `npm run test:python` has made its environment; where it is not there, the tests fail.
 */
import { visionPython } from '../../scripts/environment.ts'
import { isContinuousIntegration } from '../../src/machine/automation.ts'

export function setup(): void {
  if (isContinuousIntegration(process.env)) process.env.MLX_VISION_PYTHON ??= visionPython
}
