/** Reads lists of the packages in a repository. Loaded only if there is one. */

import { parse } from 'smol-toml'
import matches from 'zeptomatch'

/** Whether a list of packages includes a folder. A later pattern wins, and one with `!` excludes. */
export function includes(patterns: readonly string[], folder: string): boolean {
  let included = false
  for (const pattern of patterns) {
    const excludes = pattern.startsWith('!')
    const path = pattern
      .replace(/^!/, '')
      .replace(/^\.?\//, '')
      .replace(/\/$/, '')
    if (matches(path, folder)) included = !excludes
  }
  return included
}

/** The lists of a workspace of uv. */
export interface UvWorkspace {
  members: string[]
  exclude: string[]
}

/** Returns the workspace that a pyproject.toml defines; undefined if it defines none, or can't be read. */
export function uvWorkspace(text: string): UvWorkspace | undefined {
  try {
    const workspace = at(parse(text), 'tool', 'uv', 'workspace')
    if (workspace === undefined) return undefined
    return { members: textsIn(at(workspace, 'members')), exclude: textsIn(at(workspace, 'exclude')) }
  } catch {
    return undefined
  }
}

function at(value: unknown, ...[key, ...rest]: readonly string[]): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return value
  return at(Object.entries(value).find(([name]) => name === key)?.[1], ...rest)
}

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
