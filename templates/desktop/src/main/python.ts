import { basename, join } from 'node:path'
import { app } from 'electron'
import manifest from '../../package.json' with { type: 'json' }

/** The options of `createEngine` that say where Python is. */
export interface PythonOptions {
  /** The folder with mlx.config.json. */
  project: string
  /** The interpreter. Without it, the engine uses the environment of `npm run setup`. */
  python?: string
  /** The folder with the Python packages. */
  site?: string
}

/**
 * Returns which Python runs the model: the one that `npm run vendor` put into a packaged app, otherwise the one of
 * `npm run setup`.
 */
export function pythonOptions(): PythonOptions {
  if (!app.isPackaged) return { project: app.getAppPath() }
  const { resourcesPath } = process
  return {
    project: resourcesPath,
    python: join(resourcesPath, 'python', 'bin', 'python3'),
    site: join(resourcesPath, basename(manifest.name), '_vendor'),
  }
}
