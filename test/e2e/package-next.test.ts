/** The package mlx-app in a route handler of Next.js, as its README says: built, started, and asked. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type ConsumerSandbox,
  createConsumerSandbox,
  expectNoFileWritten,
  readmeFile,
} from '../support/consumer-sandbox.ts'
import { answerTo } from '../support/hello.ts'

let sandbox: ConsumerSandbox
let project: string
/** What Next itself writes. */
const ofNext = ['.next', 'next-env.d.ts']
const questions = ['Who are you?', 'Say hello.', 'What is MLX?']

beforeAll(async () => {
  sandbox = await createConsumerSandbox()
  const names = ['next.config.mjs', 'app/ask/route.js']
  project = sandbox.project('site', Object.fromEntries(names.map((name) => [name, readmeFile(name)])))
  await sandbox.succeed('npm install mlx-app zod next@16 react@19 react-dom@19', project)
}, 600_000)
afterAll(async () => await sandbox[Symbol.asyncDispose]())

test('a build needs no environment, and starts no engine', async () => {
  const printed = await expectNoFileWritten(
    project,
    ofNext,
    async () => await sandbox.succeed('npx next build 2>&1', project),
  )
  expect(printed).toMatch(/ƒ \/ask/)
  expect(readdirSync(project)).not.toContain('.mlx')
}, 600_000)

async function expectAnswers(seen: string): Promise<void> {
  const [url = ''] = /http:\/\/localhost:\d+/.exec(seen) ?? []
  const ask = async (question: string) =>
    await (await fetch(`${url}/ask?question=${encodeURIComponent(question)}`)).text()
  expect(await Promise.all(questions.map(ask))).toEqual(questions.map(answerTo))
}

test('the built app answers many requests at once', async () => {
  await expectNoFileWritten(
    project,
    ['.mlx'],
    async () => await sandbox.succeed('npx mlx-app setup', project),
  )
  await expectNoFileWritten(project, ofNext, async () => {
    await sandbox.until(/Ready in/, 'exec node_modules/.bin/next start --port 0', project, expectAnswers)
  })
}, 600_000)

test('so does the app in development', async () => {
  await expectNoFileWritten(project, ofNext, async () => {
    await sandbox.until(/Ready in/, 'exec node_modules/.bin/next dev --port 0', project, expectAnswers)
  })
}, 600_000)

test('so does a standalone server with MLX_PROJECT', async () => {
  const config = readmeFile('next.config.mjs').replace('{', "{ output: 'standalone',")
  writeFileSync(join(project, 'next.config.mjs'), config)
  await sandbox.succeed('npx next build 2>&1', project)
  const alone = join(sandbox.folder, 'alone')
  await sandbox.succeed(`cp -R .next/standalone '${alone}'`, project)
  const start = `PORT=0 HOSTNAME=localhost MLX_PROJECT='${project}' exec node server.js`
  await sandbox.until(/Ready in/, start, alone, expectAnswers)
}, 600_000)
