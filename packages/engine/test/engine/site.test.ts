import { cpSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterEach, expect, test, vi } from 'vitest'
import { createEngine } from '../../src/engine/index.ts'
import { findInterpreter, findProject, scriptCommand } from '../../src/engine/project/index.ts'
import { pythonDirectory } from '../../src/package-files.ts'
import { answerTo, ask, useFolder } from './support.ts'

const folder = useFolder()
const { python } = findInterpreter(findProject(import.meta.dirname))

/** The interpreter that the environment was created from, which has none of the packages. */
const bare = realpathSync(python)

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Makes a folder with all packages of the environment and the code of the worker. */
async function makeSite(name: string): Promise<string> {
  const site = join(folder.path, name)
  mkdirSync(site)
  const code = 'import mlx_lm.utils, os; print(os.path.dirname(os.path.dirname(mlx_lm.__file__)))'
  const { stdout: installed } = await execa(python, ['-c', code])
  for (const entry of readdirSync(installed)) {
    if (entry !== 'mlx_app') symlinkSync(join(installed, entry), join(site, entry))
  }
  cpSync(join(pythonDirectory, 'src', 'mlx_app'), join(site, 'mlx_app'), {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  })
  return site
}

test('the worker finds its packages in the site alone, and writes no bytecode there', async () => {
  const site = await makeSite('_vendor')
  const other = join(folder.path, 'inherited')
  mkdirSync(other)
  // Python runs this file at its start, if it is anywhere on the path.
  writeFileSync(join(other, 'sitecustomize.py'), 'import os; os._exit(3)')
  vi.stubEnv('PYTHONPATH', other)
  vi.stubEnv('MLX_PYTHON', '')
  await using engine = await createEngine({ python: bare, site, device: 'cpu' })
  expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
  expect(readdirSync(join(site, 'mlx_app'))).not.toContain('__pycache__')
})

test('without a Python of its own, the one from the setup runs the code of the site', async () => {
  const site = await makeSite('marked')
  writeFileSync(
    join(site, 'mlx_app', 'worker', '__init__.py'),
    'import sys; print("from the site", file=sys.stderr)',
  )
  const log: string[] = []
  await using engine = await createEngine({ site, device: 'cpu', onLog: (line) => log.push(line) })
  expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
  expect(log).toContain('from the site')
})

test.each([
  ['that does not exist', 'absent', 'does not exist'],
  ['without the code', '.', 'does not have the Python code of mlx-app'],
])('a site %s is refused with the command that makes one', async (_, name, problem) => {
  const site = join(dirname(folder.path), name)
  await expect(createEngine({ site })).rejects.toMatchObject({
    code: 'SETUP_NEEDED',
    message: expect.stringContaining(problem),
    hint: expect.stringContaining(scriptCommand('vendor')),
  })
})
