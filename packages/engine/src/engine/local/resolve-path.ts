import { modelFolder } from '../project/index.ts'

/** Makes a path absolute, and leaves any other name alone. Returns null for undefined. */
export function resolvePath(name: string | undefined, from: string = process.cwd()): string | null {
  return name === undefined ? null : (modelFolder(name, from) ?? name)
}
