import { join } from 'node:path'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { inTurns, median, rounds } from './measure.ts'
import { question, untilStory } from './story.ts'
import { milliseconds, type Row, ratio } from './table.ts'
import { hello } from './workshop.ts'

const bar = 1

/** `npm start` to the first token of the hello model, beside mlx-lm's own command with the same model. Medians of 11. */
export async function benchStart(project: string): Promise<Row[]> {
  const python = interpreterIn(join(project, '.mlx', 'venv'))
  const generate = ['-m', 'mlx_lm', 'generate', '--model', hello, '--prompt', question, '--max-tokens', '400']
  const start = ['-s', 'start', '--', question]
  const built = [join(project, 'dist', 'main.js'), question]
  const sides = await inTurns(
    rounds(11),
    async () => ({
      npm: await untilStory('npm', start, project),
      built: await untilStory('node', built, project),
    }),
    async () => ({ npm: await untilStory(python, generate, project), built: 0 }),
  )
  const peer = median(sides.peer.map((times) => times.npm))
  return [
    row('`npm start` to the first token, hello model', median(sides.ours.map((times) => times.npm)), peer),
    row('`node dist/main.js` to the first token', median(sides.ours.map((times) => times.built)), peer),
  ]
}

function row(what: string, ours: number, peer: number): Row {
  return {
    what,
    ours: milliseconds(ours),
    peer: `python -m mlx_lm generate: ${milliseconds(peer)}`,
    result: ratio(ours / peer),
    bar: `<= ${bar.toFixed(1)} times`,
    met: ours / peer <= bar,
  }
}
