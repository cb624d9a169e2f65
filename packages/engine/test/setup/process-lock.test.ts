import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findProject, type Project } from '../../src/engine/project/index.ts'
import { writeEnvironmentRecord } from '../../src/setup/environment/environment-record.ts'
import { withProcessLock } from '../../src/setup/process/process-lock.ts'

let project: Project

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'mlx-app-lock-'))
  writeFileSync(join(root, 'mlx.config.json'), '{ "model": "hello" }')
  project = findProject(root)
})

afterEach(() => rmSync(project.root, { recursive: true, force: true }))

it('runs one setup after the other', async () => {
  const events: string[] = []
  let finishFirst = () => {}
  const gate = new Promise<void>((resolve) => {
    finishFirst = resolve
  })
  let beginFirst = () => {}
  const begun = new Promise<void>((resolve) => {
    beginFirst = resolve
  })
  const first = withProcessLock(
    project,
    async () => {
      events.push('first begins')
      beginFirst()
      await gate
      events.push('first ends')
    },
    () => {},
  )
  await begun
  const second = withProcessLock(
    project,
    async () => {
      events.push('second begins')
    },
    (holder) => {
      events.push(`second waits for ${holder === process.pid}`)
      finishFirst()
    },
  )
  await Promise.all([first, second])
  expect(events).toEqual(['first begins', 'second waits for true', 'first ends', 'second begins'])
})

it('removes the lock of a setup that was killed', async () => {
  await writeEnvironmentRecord(project, { method: 'uv', python: '/p' })
  const path = join(dirname(project.environmentFile), 'setup.lock')
  mkdirSync(path)
  // Above the largest process id of Linux and macOS.
  writeFileSync(join(path, 'pid'), '99999999')
  const waited: number[] = []
  expect(
    await withProcessLock(
      project,
      async () => 'done',
      (holder) => waited.push(holder),
    ),
  ).toBe('done')
  expect(waited).toEqual([])
  expect(readdirSync(dirname(path))).toEqual(['.gitignore', 'environment.json'])
})

it('releases the lock if the work fails', async () => {
  const failing = withProcessLock(
    project,
    async () => {
      throw new Error('full disk')
    },
    () => {},
  )
  await expect(failing).rejects.toThrow('full disk')
  expect(
    await withProcessLock(
      project,
      async () => 'done',
      () => {},
    ),
  ).toBe('done')
})
