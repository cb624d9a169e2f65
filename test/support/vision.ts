/**
 * Vitest's globalSetup, which makes the engine's tests fail in CI if the environment with the extra for images and embeddings is
 * missing, instead of skipping them. `npm run test:python` creates that environment.
 */
import { visionPython } from '../../scripts/environment.ts'
import { isContinuousIntegration } from '../../src/machine/automation.ts'

export function setup(): void {
  if (isContinuousIntegration(process.env)) process.env.MLX_VISION_PYTHON ??= visionPython
}
