import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProject } from 'mlx-app/setup'

/** Prints the version that package.json has. */
export function showVersion(): void {
  const manifest: unknown = JSON.parse(readFileSync(join(findProject().root, 'package.json'), 'utf8'))
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  console.log(known ? manifest.version : '0.0.0')
}
