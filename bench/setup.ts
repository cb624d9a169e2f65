import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { alternate, median, rounds, time } from './measure.ts'
import { atMost, milliseconds, type Row } from './table.ts'

/** The highest ratio that meets the goal. */
const bar = 1 / 5

/**
 * Measures `npm run setup` from scratch with a warm uv cache, against `python -m venv` and pip with the same lock and a warm
 * cache. Both compile to bytecode. Medians of 5.
 */
export async function benchSetup(project: string, systemPython: string): Promise<Row[]> {
  const lock = join(project, 'node_modules', 'mlx-app', 'python', 'requirements.lock')
  const other = join(project, '.venv-pip')
  const sides = await alternate(
    rounds(5),
    () => time(() => execa('npm', ['run', 'setup', '--', '--env', 'uv', '--fresh'], { cwd: project })),
    async () => {
      await rm(other, { recursive: true, force: true })
      return await time(async () => {
        await execa(systemPython, ['-m', 'venv', other])
        await execa(interpreterIn(other), ['-m', 'pip', 'install', '--require-hashes', '-r', lock])
      })
    },
  )
  await rm(other, { recursive: true, force: true })
  const [ours, peer] = [median(sides.ours), median(sides.peer)]
  return [
    {
      what: 'setup, warm caches, imports of the worker compiled',
      ours: milliseconds(ours),
      peer: `python -m venv, pip install of the same lock: ${milliseconds(peer)}`,
      ...atMost(ours / peer, bar),
    },
  ]
}
