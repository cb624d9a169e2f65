import { join } from 'node:path'
import { execa } from 'execa'
import { inTurns, median, time } from './measure.ts'
import { milliseconds, type Row, ratio } from './table.ts'
import { bin, installPeer, memoryFolder, openWorkshop } from './workshop.ts'

const peerVersion = '9.3.0'
const bar = 1

/** Creating a project without installing anything, in memory, beside create-vite; medians of 41. */
export async function benchCreate(workshop: string): Promise<Row[]> {
  const vite = await installPeer(workshop, 'create-vite', peerVersion)
  await using projects = await openWorkshop(memoryFolder())
  const sides = await inTurns(
    41,
    (round) => time(() => execa('node', [bin, join(projects.path, `ours-${round}`), ...ourFlags])),
    (round) => time(() => execa('node', [vite, `vite-${round}`, ...viteFlags], { cwd: projects.path })),
  )
  const [ours, peer] = [median(sides.ours), median(sides.peer)]
  return [
    {
      what: 'create, no install, no git',
      ours: milliseconds(ours),
      peer: `create-vite ${peerVersion} vanilla-ts: ${milliseconds(peer)}`,
      result: ratio(ours / peer),
      bar: `<= ${bar.toFixed(1)} times`,
      met: ours / peer <= bar,
    },
  ]
}

const ourFlags = ['--yes', '--template', 'node', '--model', 'hello', '--no-install', '--no-git']
const viteFlags = ['--template', 'vanilla-ts', '--no-interactive']
