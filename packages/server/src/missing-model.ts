import { createEngine, type EngineOptions } from 'mlx-app'
import { findProject, getMissingModel, mayNeedDownload } from 'mlx-app/setup'

/**
 * Asks in a terminal what to do if the configured model is not on disk, before the server listens. Without a
 * terminal, it does nothing: the server listens at once and downloads the model in the background.
 *
 * @param options the options of `createEngine`.
 * @throws EngineError as `createEngine` and `getMissingModel`.
 */
export async function resolveMissingModel(
  environment: NodeJS.ProcessEnv,
  options: EngineOptions = {},
): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return
  const project = findProject(options.project)
  if (!mayNeedDownload(project, environment)) return
  // Without a listener, SIGINT would exit before the message that the download can be resumed.
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
