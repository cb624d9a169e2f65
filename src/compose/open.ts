import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TemplateSource } from './layers.ts'
import { packedSource } from './source-packed.ts'

/** Set to true by scripts/bundle.ts; there is none when the sources run as they are. */
declare const CREATE_MLX_APP_PACKED: boolean | undefined

/**
 * Opens the templates: those that were packed beside the bin, or the folder that they are made in.
 *
 * @param root folder of the bin.
 */
export async function openTemplates(root: URL | string): Promise<TemplateSource> {
  const directory = typeof root === 'string' ? root : fileURLToPath(root)
  // Written as if and else, so that the bundler leaves the other one out.
  if (typeof CREATE_MLX_APP_PACKED === 'boolean') {
    return packedSource(directory)
  } else {
    const { folderSource } = await import('./source-folder.ts')
    const { carriedPackages } = await import('../../scripts/carried.ts')
    return folderSource(join(directory, 'templates'), await carriedPackages())
  }
}
