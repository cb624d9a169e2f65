import { basename, dirname } from 'node:path'

/**
 * Returns a wheel as pip and uv read it below any folder: they start beside it. In a longer path they take `[slug]` for
 * extras, and what follows a `#` for a comment.
 *
 * @param path absolute path.
 */
export function wheelArgument(path: string): { directory: string; argument: string } {
  return { directory: dirname(path), argument: `./${basename(path)}` }
}
