import { createEngine, type Engine, EngineError, type LoadedModel, type LoadProgress } from 'mlx-app'
import { findProject, getMissingModel, isHubModelId, readPullPolicy, showProgress } from 'mlx-app/setup'
import type { ChatArguments } from './arguments.ts'

/** An engine with its model loaded. */
export interface OpenEngine extends AsyncDisposable {
  engine: Engine
  /** The name of the loaded model, which calls pass to the engine. */
  model: string
}

/**
 * Starts the engine and loads the model. If the model is not on disk, `getMissingModel` asks whether to download it.
 *
 * @throws EngineError if the setup is incomplete, or if the model can't be loaded or the user declines the download.
 */
export async function openEngine(options: Pick<ChatArguments, 'model' | 'engine'>): Promise<OpenEngine> {
  const progress = showProgress(process.stderr, 'Starting MLX')
  try {
    const engine = await createEngine(options.engine)
    const close = () => engine.dispose()
    try {
      const { model } = await loadModel(engine, options.model, progress)
      return { engine, model, [Symbol.asyncDispose]: close }
    } catch (error) {
      await close()
      throw error
    }
  } finally {
    progress.end()
  }
}

async function loadModel(
  engine: Engine,
  requested: string | undefined,
  progress: { update: (progress: LoadProgress) => void; end: () => void },
): Promise<LoadedModel> {
  const onProgress = progress.update
  const model = requested ?? findProject().config.model
  // The engine resolves the path of a configured model against the project's folder, so that model is not passed.
  const named = requested === undefined ? {} : { model: requested }
  // Folders are never downloaded, and only the engine knows what an alias stands for.
  if (!isHubModelId(model))
    return engine.loadModel({ ...named, download: readPullPolicy() !== 'never', onProgress })
  try {
    return await engine.loadModel({ ...named, download: false, onProgress })
  } catch (error) {
    if (!EngineError.isInstance(error) || error.code !== 'MODEL_NOT_FOUND') throw error
  }
  progress.end()
  const outcome = await getMissingModel(engine, model)
  const loading = showProgress(process.stderr)
  try {
    return await engine.loadModel({
      model: outcome === 'hello' ? 'hello' : model,
      download: false,
      onProgress: loading.update,
    })
  } finally {
    loading.end()
  }
}
