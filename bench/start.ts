import { join } from 'node:path'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { alternate, median, rounds } from './measure.ts'
import { milliseconds, type Row, ratio } from './table.ts'
import { question, timeToFirstToken } from './time-to-first-token.ts'
import { hello } from './workspace.ts'

const bar = 1

/** Measures `npm start` to the first token of the hello model, against mlx-lm's own command. Medians of 11. */
export async function benchStart(project: string): Promise<Row[]> {
  const python = interpreterIn(join(project, '.mlx', 'venv'))
  const generate = ['-m', 'mlx_lm', 'generate', '--model', hello, '--prompt', question, '--max-tokens', '400']
  const start = ['-s', 'start', '--', question]
  const built = [join(project, 'dist', 'main.js'), question]
  const sides = await alternate(
    rounds(11),
    async () => ({
      npm: await timeToFirstToken('npm', start, project),
      built: await timeToFirstToken('node', built, project),
    }),
    async () => ({ npm: await timeToFirstToken(python, generate, project), built: 0 }),
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
