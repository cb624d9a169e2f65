/** The launcher, with a program in place of the interpreter that prints how it was started. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { launcherScript } from '../../../src/setup/vendor/build/launcher.ts'

const folder = mkdtempSync(join(tmpdir(), 'vendor launcher é '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const app = join(folder, 'my-desk')
const launcher = join(app, 'desk')
mkdirSync(join(app, '_vendor'), { recursive: true })
mkdirSync(join(folder, 'python', 'bin'), { recursive: true })
writeFileSync(launcher, launcherScript('my-desk', 'desk'), { mode: 0o755 })
writeFileSync(join(folder, 'python', 'bin', 'python3'), '#!/bin/sh\nprintf "%s\\n" "$@"\nenv\n', {
  mode: 0o755,
})

/** Starts the launcher. @returns the arguments and the variables of the interpreter. */
async function start(
  words: string[],
  environment: NodeJS.ProcessEnv = {},
  program = launcher,
): Promise<string[]> {
  const { stdout } = await execa(program, words, { env: environment, extendEnv: false })
  return stdout.split('\n')
}

test('starts the interpreter with the packages of the app, and no other setting of Python', async () => {
  const lines = await start(['serve', '--host', 'a b'], {
    PYTHONHOME: '/usr',
    PYTHONPATH: '/other',
    PYTHONOPTIMIZE: '2',
    PYTHONPYCACHEPREFIX: '/tmp/a b',
    PYTHONINSPECT: '1',
    HF_HOME: '/models',
  })
  expect(lines.slice(0, 5)).toEqual(['-m', 'mlx_app.launcher', 'serve', '--host', 'a b'])
  expect(lines.filter((line) => line.startsWith('PYTHON')).sort()).toEqual([
    'PYTHONDONTWRITEBYTECODE=1',
    'PYTHONNOUSERSITE=1',
    `PYTHONPATH=${join(app, '_vendor')}`,
    'PYTHONSAFEPATH=1',
    'PYTHONUTF8=1',
  ])
  expect(lines).toContain('HF_HOME=/models')
  expect(lines).toContain(`MLX_APP_LAUNCHER=${launcher}`)
})

test('runs a module', async () => {
  expect((await start(['-m', 'mlx_app.worker', '--help'])).slice(0, 3)).toEqual([
    '-m',
    'mlx_app.worker',
    '--help',
  ])
})

test('finds the app from a link to the launcher, and from a link to that link', async () => {
  const bin = join(folder, 'usr bin')
  mkdirSync(bin)
  symlinkSync('../my-desk/desk', join(bin, 'relative'))
  symlinkSync(launcher, join(bin, 'absolute'))
  symlinkSync('relative', join(bin, '-second'))
  for (const name of ['relative', 'absolute', '-second']) {
    const lines = await start(['--python-info'], {}, join(bin, name))
    expect(lines).toContain(`PYTHONPATH=${join(app, '_vendor')}`)
    expect(lines).toContain(`MLX_APP_LAUNCHER=${launcher}`)
  }
})
