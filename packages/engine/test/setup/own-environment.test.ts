import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findProject } from '../../src/engine/project/index.ts'
import { withoutOwnEnvironment } from '../../src/setup/environment/own-environment.ts'
import { useFolder } from '../engine/support.ts'

const folder = useFolder()
const project = { ...findProject(), root: folder.path, virtualEnvironment: join(folder.path, '.mlx', 'venv') }
const python = join(project.virtualEnvironment, 'bin', 'python3')
const named = (path: string): NodeJS.ProcessEnv => ({ MLX_PYTHON: path, VIRTUAL_ENV: join(path, '..', '..') })

test("the environment that setup creates isn't one of the user's, even before it exists", () => {
  expect(withoutOwnEnvironment({ PATH: '/bin', ...named(python) }, project)).toEqual({ PATH: '/bin' })
  expect(withoutOwnEnvironment({ MLX_SERVING_PYTHON_PATH: python }, project)).toEqual({})
})

test('nor is the one of the uv project in python/', () => {
  expect(
    withoutOwnEnvironment(named(join(folder.path, 'python', '.venv', 'bin', 'python')), project),
  ).toEqual({})
})

test('a link to it is the same environment', () => {
  mkdirSync(project.virtualEnvironment, { recursive: true })
  const link = join(folder.path, 'link')
  symlinkSync(project.virtualEnvironment, link)
  expect(withoutOwnEnvironment(named(join(link, 'bin', 'python')), project)).toEqual({})
})

test('others are kept', () => {
  const other = named('/other/venv/bin/python')
  expect(withoutOwnEnvironment(other, project)).toEqual(other)
  expect(withoutOwnEnvironment({ MLX_PYTHON: 'python3' }, project)).toEqual({ MLX_PYTHON: 'python3' })
})
