import { createEngine, type EngineOptions } from 'mlx-app'
import { findProject, getMissingModel, mayNeedDownload } from 'mlx-app/setup'

/**
 * Gets the configured model before the server listens, where somebody sits at a terminal and it is not on disk: they
 * are asked first. Elsewhere the server listens at once, and downloads meanwhile.
 *
 * @param options for `createEngine`.
 * @throws EngineError as `createEngine` and `getMissingModel`.
 */
export async function getModelFirst(
  environment: NodeJS.ProcessEnv,
  options: EngineOptions = {},
): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return
  const project = findProject(options.project)
  if (!mayNeedDownload(project, environment)) return
  // Without a listener a signal ends the process before it has said that what was downloaded stays.
  const leave = () => process.exit(130)
  process.once('SIGINT', leave)
  try {
    await using engine = await createEngine(options)
    const outcome = await getMissingModel(engine, project.config.model)
    if (outcome === 'hello') environment.MLX_MODEL = 'hello'
  } finally {
    process.off('SIGINT', leave)
  }
}
