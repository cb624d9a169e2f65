import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { inTurns, median, rounds, time } from './measure.ts'
import { atMost, milliseconds, type Row } from './table.ts'

/** DESIGN's. */
const bar = 1 / 5

/**
 * `npm run setup` from nothing, with uv's cache warm, beside `python -m venv` and pip with the same lock, pip's cache
 * warm; both compile to bytecode. Medians of 5.
 */
export async function benchSetUp(project: string, systemPython: string): Promise<Row[]> {
  const lock = join(project, 'node_modules', 'mlx-app', 'python', 'requirements.lock')
  const other = join(project, '.venv-pip')
  const sides = await inTurns(
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
      what: 'set-up, warm caches, what the worker imports compiled',
      ours: milliseconds(ours),
      peer: `python -m venv, pip install of the same lock: ${milliseconds(peer)}`,
      ...atMost(ours / peer, bar),
    },
  ]
}
