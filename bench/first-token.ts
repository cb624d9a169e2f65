import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { pythonDirectory } from '../packages/engine/src/package-files.ts'
import { startRegistry } from '../test/support/registry.ts'
import { alternate, median, rounds } from './measure.ts'
import { packTool } from './package.ts'
import { atMost, milliseconds, type Row } from './table.ts'
import { question, timeToFirstToken } from './time-to-first-token.ts'
import { createWorkspace, hello } from './workspace.ts'

/** The highest ratio that meets the goal. */
const bar = 1 / 2

/**
 * Measures the time from an empty folder to the first token of the hello model, with warm caches of npm, uv and pip. Runs the
 * packed tool with `npx` and asks a question. The peer is the same by hand in Python, with the same lock. Medians of 5.
 */
export async function benchFirstToken(workspace: string): Promise<Row[]> {
  await using registry = await startRegistry({ tarballs: [(await packTool(workspace, 'vendor')).path] })
  await using folders = await createWorkspace()
  const env = {
    ...process.env,
    npm_config_registry: registry.url,
    npm_config_cache: join(folders.path, 'npm-cache'),
    npm_config_update_notifier: 'false',
  }
  const create = ['--yes', 'create-mlx-app@latest', 'app', '--yes', '--template', 'node', '--model', 'hello']
  const lock = join(pythonDirectory, 'requirements.lock')
  const sides = await alternate(
    rounds(5),
    async () => {
      await rm(join(folders.path, 'app'), { recursive: true, force: true })
      const started = performance.now()
      await execa('npx', create, { cwd: folders.path, env, stdin: 'ignore' })
      const created = performance.now() - started
      return (
        created +
        (await timeToFirstToken('npm', ['-s', 'start', '--', question], join(folders.path, 'app'), env))
      )
    },
    async () => {
      const environment = join(folders.path, 'by-hand')
      await rm(environment, { recursive: true, force: true })
      const python = interpreterIn(environment)
      const started = performance.now()
      await execa('python3', ['-m', 'venv', environment])
      await execa(python, ['-m', 'pip', 'install', '--require-hashes', '-r', lock])
      const installed = performance.now() - started
      const generate = [
        '-m',
        'mlx_lm',
        'generate',
        '--model',
        hello,
        '--prompt',
        question,
        '--max-tokens',
        '400',
      ]
      return installed + (await timeToFirstToken(python, generate, folders.path))
    },
  )
  const [ours, peer] = [median(sides.ours), median(sides.peer)]
  return [
    {
      what: 'an empty folder to the first token, warm caches',
      ours: milliseconds(ours),
      peer: `python -m venv, pip install, python -m mlx_lm generate: ${milliseconds(peer)}`,
      ...atMost(ours / peer, bar),
    },
  ]
}
