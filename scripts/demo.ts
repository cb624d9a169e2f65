import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { bundle } from './bundle.ts'

/**
 * What a newcomer does: builds the tool, creates a project with the hello model, installs it, sets up Python, and lets
 * the model answer. `npm start -- my-dir` says where; the default is a temporary folder.
 */
const root = fileURLToPath(new URL('..', import.meta.url))

/** What the model knows by heart. */
const answersFile = join(root, 'packages/engine/python/src/mlx_app/hello/answers.json')

/** How many of the model's questions are asked. */
const questionCount = 3

const project =
  process.argv[2] === undefined
    ? join(mkdtempSync(join(tmpdir(), 'create-mlx-app-')), 'demo')
    : resolve(process.env.INIT_CWD ?? process.cwd(), process.argv[2])

const controller = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())

process.exitCode = await demonstrate()

async function demonstrate(): Promise<number> {
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

/** Runs a command that writes to this terminal. @returns its exit code; 130 when it was interrupted. */
async function run(program: string, flags: readonly string[]): Promise<number> {
  const result = await execa(program, flags, {
    cwd: program === 'npm' ? project : root,
    stdio: 'inherit',
    reject: false,
    cancelSignal: controller.signal,
  })
  return controller.signal.aborted ? 130 : (result.exitCode ?? 1)
}

/** Some questions that the model knows the answers of. */
function questions(): string[] {
  const answers: unknown = JSON.parse(readFileSync(answersFile, 'utf8'))
  if (!Array.isArray(answers)) throw new Error('answers.json of the hello model is no list')
  return answers.slice(0, questionCount).map((entry: { question: string }) => entry.question)
}
