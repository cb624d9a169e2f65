import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProject } from 'mlx-app/setup'

/** Prints the version in package.json. */
export function showVersion(): void {
  const manifest: unknown = JSON.parse(readFileSync(join(findProject().root, 'package.json'), 'utf8'))
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  console.log(hasVersion ? manifest.version : '0.0.0')
}
