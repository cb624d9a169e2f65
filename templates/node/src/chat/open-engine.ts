import { createEngine, type Engine, EngineError, type LoadedModel, type LoadProgress } from 'mlx-app'
import { findProject, getMissingModel, isHubModelId, readPullPolicy, showProgress } from 'mlx-app/setup'
import type { ChatArguments } from './arguments.ts'

/** An engine whose model is in memory. */
export interface OpenEngine extends AsyncDisposable {
  engine: Engine
  /** The name of the model that calls give. */
  model: string
}

/**
 * Starts the engine and brings the model into memory. One that is not on disk is got first, see `getMissingModel`.
 *
 * @throws EngineError when the set-up lacks something, when the model can't be loaded or is not wanted.
 */
export async function openEngine(options: Pick<ChatArguments, 'model' | 'engine'>): Promise<OpenEngine> {
  const progress = showProgress(process.stderr, 'Starting MLX')
  try {
    const engine = await createEngine(options.engine)
    const close = () => engine.dispose()
    try {
      const { model } = await bring(engine, options.model, progress)
      return { engine, model, [Symbol.asyncDispose]: close }
    } catch (error) {
      await close()
      throw error
    }
  } finally {
    progress.end()
  }
}

async function bring(
  engine: Engine,
  asked: string | undefined,
  progress: { update: (progress: LoadProgress) => void; end: () => void },
): Promise<LoadedModel> {
  const onProgress = progress.update
  const model = asked ?? findProject().config.model
  // A path of the project's file is one from its folder, so its model is not named.
  const named = asked === undefined ? {} : { model: asked }
  // A folder has nothing to download; what an alias stands for is the engine's to say.
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
