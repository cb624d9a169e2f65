/**
 * Builds the tool into dist/:
 *
 *   npm run build                  with the packages, which it writes to vendor/ in projects
 *   npm run build -- --registry    for a release, whose projects get the packages from the registry
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.ts'

const { values } = parseArgs({ options: { registry: { type: 'boolean', default: false } } })
await bundle(fileURLToPath(new URL('../dist', import.meta.url)), values.registry ? 'registry' : 'vendor')
