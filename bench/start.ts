import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { inTurns, median } from './measure.ts'
import { milliseconds, type Row, ratio } from './table.ts'

const rounds = 11
const bar = 1
const question = 'Tell me a story.'

/** `npm start` to the first token of the hello model, beside mlx-lm's own command with the same model. Medians of 11. */
export async function benchStart(project: string): Promise<Row[]> {
  const python = join(project, 'python', '.venv', 'bin', 'python')
  const model = join(project, 'models', 'hello')
  const generate = ['-m', 'mlx_lm', 'generate', '--model', model, '--prompt', question, '--max-tokens', '400']
  const start = ['-s', 'start', '--', question]
  const built = [join(project, 'dist', 'main.js'), question]
  const sides = await inTurns(
    rounds,
    async () => ({
      npm: await untilText('npm', start, project),
      built: await untilText('node', built, project),
    }),
    async () => ({ npm: await untilText(python, generate, project), built: 0 }),
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

/** Milliseconds from the start of a program until the story begins on its output. */
async function untilText(command: string, programArguments: string[], cwd: string): Promise<number> {
  const started = performance.now()
  const child = spawn(command, programArguments, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let first: number | undefined
  child.stdout.on('data', (block: Buffer) => {
    output += block.toString('utf8')
    if (/\bO(n(ce?)?)?/.test(output)) first ??= performance.now() - started
  })
  const code = await new Promise((done) => child.once('close', done))
  if (code !== 0 || first === undefined) throw new Error(`${command} ended with ${code}: ${output}`)
  return first
}
