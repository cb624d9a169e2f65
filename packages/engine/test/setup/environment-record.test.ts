import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findProject, type Project, readEnvironmentRecord } from '../../src/engine/project/index.ts'
import { writeEnvironmentRecord } from '../../src/setup/environment/environment-record.ts'

let project: Project

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'mlx-app-record-'))
  writeFileSync(join(root, 'mlx.config.json'), '{ "model": "hello" }')
  project = findProject(root)
})

afterEach(() => rmSync(project.root, { recursive: true, force: true }))

it('stores a path inside the project as a relative one, so that the project can be moved', async () => {
  const python = join(project.virtualEnvironment, 'bin', 'python')
  await writeEnvironmentRecord(project, { method: 'uv', python, lock: 'ab', set: 'dev' })
  expect(readFileSync(project.environmentFile, 'utf8')).toContain('"python": ".mlx/venv/bin/python"')
  expect(readEnvironmentRecord(project)).toEqual({ method: 'uv', python, lock: 'ab', set: 'dev' })
})

it('stores a path outside the project unchanged', async () => {
  await writeEnvironmentRecord(project, { method: 'existing', python: '/opt/mlx/bin/python' })
  expect(readEnvironmentRecord(project)).toEqual({ method: 'existing', python: '/opt/mlx/bin/python' })
  expect(readdirSync(dirname(project.environmentFile))).toEqual(['environment.json'])
})

it('ignores a damaged record', async () => {
  expect(readEnvironmentRecord(project)).toBeUndefined()
  await writeEnvironmentRecord(project, { method: 'uv', python: '/p' })
  writeFileSync(project.environmentFile, '{ "method": "uv", "pyth')
  expect(readEnvironmentRecord(project)).toBeUndefined()
})
