import { createEngine, type Engine } from '#engine'
import type { ChatArguments } from './arguments.ts'
import { showProgress } from './progress.ts'

/** An engine whose model is in memory. */
export interface OpenEngine extends AsyncDisposable {
  engine: Engine
  /** The name of the model that calls give. */
  model: string
}

/** @throws EngineError when the set-up lacks something, or when the model can't be loaded. */
export async function openEngine(options: Pick<ChatArguments, 'model' | 'engine'>): Promise<OpenEngine> {
  const progress = showProgress(process.stderr, 'Starting MLX')
  try {
    const engine = await createEngine(options.engine)
    const close = () => engine.dispose()
    try {
      const named = options.model === undefined ? {} : { model: options.model }
      const { model } = await engine.loadModel({ ...named, onProgress: progress.update })
      return { engine, model, [Symbol.asyncDispose]: close }
    } catch (error) {
      await close()
      throw error
    }
  } finally {
    progress.end()
  }
}
