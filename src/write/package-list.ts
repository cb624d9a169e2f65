/** The list of a monorepo's packages, in the file that its root has for it. Changes keep everything else as it is. */

import { isJsonObject, type JsonObject } from '../compose/merge.ts'

export type ListFile = 'package.json' | 'pnpm-workspace.yaml'

/** Returns the patterns of the list in a file; undefined if it has none. */
export function listedPackages(file: ListFile, text: string): string[] | undefined {
  if (file === 'package.json') return inManifest(text)
  const lines = text.replaceAll('\r\n', '\n')
  return inBlock(lines) ?? inBrackets(lines)
}

/** Returns the object in a package.json; undefined if npm can't read it either. */
export function parseManifest(text: string): JsonObject | undefined {
  try {
    const manifest: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return isJsonObject(manifest) ? manifest : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns the text of a file with one more pattern at the end of its list.
 *
 * @returns undefined if the list is written in a way that this function does not know.
 */
export function withPackage(file: ListFile, text: string, pattern: string): string | undefined {
  const before = listedPackages(file, text) ?? []
  const changed =
    file === 'package.json'
      ? addToManifest(text, pattern)
      : withLineEndsOf(text, (lines) => addToBlock(lines, pattern))
  if (changed === undefined) return undefined
  const after = listedPackages(file, changed) ?? []
  return after.join('\n') === [...before, pattern].join('\n') ? changed : undefined
}

/**
 * Returns the text of pnpm-workspace.yaml with a decision about a package's install script, unless it has one already or is
 * written in a way that this function does not know.
 */
export function withBuild(text: string, name: string, isAllowed: boolean): string {
  if (new RegExp(`^\\s+["']?${name}["']?:`, 'm').test(text)) return text
  const line = `  ${name}: ${isAllowed}\n`
  const start = /^allowBuilds:[ \t]*(#.*)?\n/m
  const changed = withLineEndsOf(text, (lines) => {
    const whole = lines === '' || lines.endsWith('\n') ? lines : `${lines}\n`
    if (start.test(whole)) return whole.replace(start, (found) => found + line)
    return whole.includes('allowBuilds:') ? undefined : `${whole}allowBuilds:\n${line}`
  })
  return changed ?? text
}

/** Changes a text whose lines may end as on Windows. */
function withLineEndsOf(text: string, change: (lines: string) => string | undefined): string | undefined {
  const changed = change(text.replaceAll('\r\n', '\n'))
  return text.includes('\r\n') ? changed?.replaceAll('\n', '\r\n') : changed
}

function inManifest(text: string): string[] | undefined {
  const workspaces = parseManifest(text)?.workspaces
  const list = isJsonObject(workspaces) ? workspaces.packages : workspaces
  return Array.isArray(list) ? list.map(String) : undefined
}

/** The list of `workspaces` in JSON, up to its bracket. */
const manifestList =
  /("workspaces"\s*:\s*(?:\{\s*(?:"nohoist"\s*:\s*\[[^\]]*\]\s*,\s*)?"packages"\s*:\s*)?\[)((?:\s*"(?:[^"\\]|\\.)*"(?:\s*,)?)*)(\s*\])/

function addToManifest(text: string, pattern: string): string | undefined {
  if (!manifestList.test(text)) return undefined
  return text.replace(manifestList, (_, start: string, items: string, end: string) => {
    const entry = JSON.stringify(pattern)
    if (items.trim() === '') return `${start}${entry}]`
    const [lineBreak = ' '] = /^\s*\n\s*/.exec(items) ?? []
    return `${start}${items.trimEnd()},${lineBreak}${entry}${end}`
  })
}

/** The list of `packages` in YAML, an item a line. Comments and empty lines may be between them. */
const yamlBlock = /^(packages:[ \t]*(?:#.*)?\n)((?:[ \t]*(?:-[ \t].*|#.*)?(?:\n|$))*)/m
const yamlItem = /^([ \t]*-[ \t]+)(?:'([^']*)'|"([^"]*)"|([^\s#'"][^#]*?))[ \t]*(?:#.*)?$/

function inBlock(text: string): string[] | undefined {
  const [, , block] = yamlBlock.exec(text) ?? []
  const items = (block ?? '').split('\n').flatMap((line) => {
    const [, , single, double, plain] = yamlItem.exec(line) ?? []
    return single ?? double ?? plain ?? []
  })
  return items.length === 0 ? undefined : items
}

function inBrackets(text: string): string[] | undefined {
  const [, list] = /^packages:[ \t]*\[([^\]]*)\]/m.exec(text) ?? []
  return list
    ?.split(',')
    .map((item) => item.trim().replace(/^(['"])(.*)\1$/, '$2'))
    .filter((item) => item !== '')
}

function addToBlock(text: string, pattern: string): string | undefined {
  const [, , block = ''] = yamlBlock.exec(text) ?? []
  const last = block.split('\n').findLast((line) => yamlItem.test(line))
  const [, start, , double] = (last === undefined ? null : yamlItem.exec(last)) ?? []
  if (last === undefined || start === undefined) return undefined
  const quote = double === undefined ? "'" : '"'
  return text.replace(block, () => {
    const end = block.lastIndexOf(last) + last.length
    return `${block.slice(0, end)}\n${start}${quote}${pattern}${quote}${block.slice(end)}`
  })
}
