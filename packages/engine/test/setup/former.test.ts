import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findProject, type Project } from '../../src/engine/project/index.ts'
import { environmentParts, recoverFormer, withFormerSetAside } from '../../src/setup/environment/former.ts'

let project: Project
let folder: string

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'former é '))
  writeFileSync(join(root, 'mlx.config.json'), '{ "model": "hello" }')
  project = findProject(root)
  folder = dirname(project.environmentFile)
  make('former')
})
afterEach(() => rmSync(project.root, { recursive: true, force: true }))

/** Makes an environment and its record, which have a text. */
function make(text: string): void {
  mkdirSync(project.virtualEnvironment, { recursive: true })
  writeFileSync(join(project.virtualEnvironment, 'text'), text)
  writeFileSync(project.environmentFile, text)
}

/** Returns the texts of the record and the environment, and expects nothing else in `.mlx`. */
function texts(): string[] {
  expect(readdirSync(folder).sort()).toEqual(['environment.json', 'venv'])
  return [project.environmentFile, join(project.virtualEnvironment, 'text')].map((path) =>
    readFileSync(path, 'utf8'),
  )
}

const parts = () => environmentParts(project)

it('keeps what is new if it works', async () => {
  const result = await withFormerSetAside(project, parts(), async () => {
    expect(readdirSync(folder)).toEqual(['former'])
    make('new')
    return 1
  })
  expect(result).toBe(1)
  expect(texts()).toEqual(['new', 'new'])
})

it('brings back what was there if the new one fails at any point', async () => {
  for (const unfinished of [() => {}, () => make('new')]) {
    const failing = withFormerSetAside(project, parts(), async () => {
      unfinished()
      mkdirSync(join(folder, 'site'), { recursive: true })
      throw new Error('no network')
    })
    await expect(failing).rejects.toThrow('no network')
    expect(texts()).toEqual(['former', 'former'])
  }
})

it('leaves a folder that is not set aside as it is', async () => {
  const failing = withFormerSetAside(project, [], async () => {
    expect(existsSync(project.environmentFile)).toBe(false)
    throw new Error('no network')
  })
  await expect(failing).rejects.toThrow('no network')
  expect(texts()).toEqual(['former', 'former'])
})

it('names a folder that can not be moved, and keeps everything', async () => {
  // A folder that is not empty stands for a mount point.
  mkdirSync(join(folder, 'former', 'venv', 'x'), { recursive: true })
  const failing = withFormerSetAside(project, parts(), async () => 1)
  await expect(failing).rejects.toThrow(`${project.virtualEnvironment} can't be replaced (ENOTEMPTY).`)
  expect(texts()).toEqual(['former', 'former'])
})

it('completes a setup that was killed', async () => {
  const kill = (work: () => void) =>
    withFormerSetAside(project, parts(), async () => {
      work()
      // The state is copied, because this process is not killed.
      return snapshot(folder)
    })
  const before = await kill(() => mkdirSync(project.virtualEnvironment))
  restore(folder, before)
  await recoverFormer(project, parts())
  expect(texts()).toEqual(['former', 'former'])
  const after = await kill(() => make('new'))
  restore(folder, after)
  await recoverFormer(project, parts())
  expect(texts()).toEqual(['new', 'new'])
})

/** Returns the files of a folder by path. */
function snapshot(from: string): Map<string, string> {
  const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), 'utf8'),
    ]),
  )
}

function restore(to: string, files: ReadonlyMap<string, string>): void {
  rmSync(to, { recursive: true })
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
