import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { inTurns, median, time } from './measure.ts'
import { milliseconds, type Row, ratio } from './table.ts'

const rounds = 5
const bar = 1 / 3

/**
 * `npm run setup` from nothing, with uv's cache warm, beside `python -m venv` and pip with the same lock, pip's cache
 * warm; both compile to bytecode. Medians of 5.
 */
export async function benchSetUp(project: string, systemPython: string): Promise<Row[]> {
  const folder = join(project, 'python')
  const other = join(folder, '.venv-pip')
  const sides = await inTurns(
    rounds,
    () => time(() => execa('npm', ['run', 'setup', '--', '--env', 'uv', '--fresh'], { cwd: project })),
    async () => {
      await rm(other, { recursive: true, force: true })
      return await time(async () => {
        await execa(systemPython, ['-m', 'venv', other])
        const install = ['-m', 'pip', 'install', '--require-hashes', '-r', 'requirements.lock']
        await execa(join(other, 'bin', 'python'), install, { cwd: folder })
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
      result: ratio(ours / peer),
      bar: '<= 0.33 times',
      met: ours / peer <= bar,
    },
  ]
}
