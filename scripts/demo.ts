/**
 * Builds the tool, creates a project with the hello model, installs it, sets up Python, and asks the model some questions. The
 * project is created in a temporary folder, or in the one given with `npm start -- my-dir`.
 */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { bundle } from './bundle.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The questions and answers that the model knows. */
const answersFile = join(root, 'packages/engine/python/src/mlx_app/hello/answers.json')

/** The number of questions to ask. */
const questionCount = 3

const project =
  process.argv[2] === undefined
    ? join(mkdtempSync(join(tmpdir(), 'create-mlx-app-')), 'demo')
    : resolve(process.env.INIT_CWD ?? process.cwd(), process.argv[2])

const controller = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())

process.exitCode = await runDemo()

async function runDemo(): Promise<number> {
  console.log(`Creating a demo project in ${project}\n`)
  await bundle(join(root, 'dist'))
  const created = await run(process.execPath, [
    join(root, 'dist', 'index.js'),
    project,
    ...['--yes', '--model', 'hello', '--package-manager', 'npm', '--no-git'],
  ])
  if (created !== 0) return created
  for (const question of questions()) {
    console.log(`\n> ${question}`)
    const answered = await run('npm', ['-s', 'start', '--', question])
    if (answered !== 0) return answered
  }
  console.log(`\nThe project is in ${project}. To keep chatting, run npm start there.`)
  return 0
}

/** Runs a command in this terminal. @returns its exit code, or 130 if it was interrupted. */
async function run(program: string, flags: readonly string[]): Promise<number> {
  const result = await execa(program, flags, {
    cwd: program === 'npm' ? project : root,
    stdio: 'inherit',
    reject: false,
    cancelSignal: controller.signal,
  })
  return controller.signal.aborted ? 130 : (result.exitCode ?? 1)
}

/** Returns some questions that the model can answer. */
function questions(): string[] {
  const answers: unknown = JSON.parse(readFileSync(answersFile, 'utf8'))
  if (!Array.isArray(answers)) throw new Error('answers.json of the hello model is not a list')
  return answers.slice(0, questionCount).map((entry: { question: string }) => entry.question)
}
