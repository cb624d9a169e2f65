import { readFileSync } from 'node:fs'

/** Set by scripts/bundle.ts, and undefined when the sources run without a build. */
declare const CREATE_MLX_APP_VERSION: string | undefined

/** The version of this tool. */
export const version: string =
  typeof CREATE_MLX_APP_VERSION === 'string' ? CREATE_MLX_APP_VERSION : versionOfSources()

function versionOfSources(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version)
  }
  throw new Error('package.json has no version')
}
