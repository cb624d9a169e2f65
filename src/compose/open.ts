import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TemplateSource } from './layers.ts'
import { packedSource } from './source-packed.ts'

/** Set to true by scripts/bundle.ts, and undefined when the sources run without a build. */
declare const CREATE_MLX_APP_PACKED: boolean | undefined

/**
 * Opens the templates: in a build the packed file beside the bin, otherwise the folder templates/.
 *
 * @param root folder of the bin.
 */
export async function openTemplates(root: URL | string): Promise<TemplateSource> {
  const directory = typeof root === 'string' ? root : fileURLToPath(root)
  // An if with an else, so that the bundler drops the other branch.
  if (typeof CREATE_MLX_APP_PACKED === 'boolean') {
    return packedSource(directory)
  } else {
    const { folderSource } = await import('./source-folder.ts')
    const { carriedPackages, wheelSha256 } = await import('../../scripts/carried.ts')
    return folderSource(join(directory, 'templates'), await carriedPackages(), await wheelSha256())
  }
}
