/** The package mlx-app with what apps are made with: TypeScript, tsx, Express, esbuild, Vitest. All code is the README's. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ConsumerSandbox,
  createConsumerSandbox,
  expectNoFileWritten,
  readmeCommands,
  readmeFile,
} from '../support/consumer-sandbox.ts'
import { answerTo } from '../support/hello.ts'

let sandbox: ConsumerSandbox
let project: string
const hello = answerTo('Say hello.')

beforeAll(async () => {
  sandbox = await createConsumerSandbox()
  const names = ['app.mjs', 'app.ts', 'server.mjs', 'app.test.mjs']
  project = sandbox.project('app', Object.fromEntries(names.map((name) => [name, readmeFile(name)])))
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const tools = 'tsx typescript @types/node@20 express esbuild vitest@4'
  await sandbox.succeed(`npm install mlx-app zod ${tools}`, project)
  const except = ['.mlx']
  await expectNoFileWritten(project, except, async () => await sandbox.succeed('npx mlx-app setup', project))
})
afterAll(async () => await sandbox[Symbol.asyncDispose]())

/** Runs a line that writes nothing into the project but to these paths, packages and environment included. */
const quietly = async (line: string, except: string[] = []) =>
  await expectNoFileWritten(project, except, async () => await sandbox.succeed(line, project))

describe('TypeScript', () => {
  test('runs with tsx', async () => {
    expect(await quietly('npx tsx app.ts')).toBe('hello 2')
  })

  const compiler = 'npx tsc --noEmit --strict --target es2023 --lib es2023,esnext.disposable --types node'
  test.each(['--module nodenext', '--module esnext --moduleResolution bundler'])(
    'has types that pass a full check with %s',
    async (modules) => {
      await quietly(`${compiler} ${modules} app.ts`)
      writeFileSync(
        join(project, 'wrong.ts'),
        "import { createEngine } from 'mlx-app'\nawait (await createEngine()).complete({ prompt: 1 })\n",
      )
      const { exitCode, stdout } = await sandbox.shell(`${compiler} ${modules} wrong.ts`, { cwd: project })
      expect(exitCode).not.toBe(0)
      expect(stdout).toMatch(/wrong\.ts.*TS2322/)
    },
  )

  test('type-checks the functions for a custom start', async () => {
    const code = `
      import { findProject, isSetUp, setUp, getMissingModel } from 'mlx-app/setup'
      const project = findProject()
      const options = { dev: false, cuda: false, vision: false, fresh: false }
      const lines: string[] = []
      const terminal = { done: (text: string) => void lines.push(text), note: (text: string) => void lines.push(text) }
      const { upToDate } = await setUp(project, options, { environment: process.env, terminal })
      console.log(isSetUp(), upToDate, typeof getMissingModel)
    `
    writeFileSync(join(project, 'start.ts'), code)
    await sandbox.succeed(`${compiler} --module nodenext start.ts`, project)
    expect(await sandbox.succeed('npx tsx start.ts', project)).toBe('true true function')
  })
})

test('an Express app answers many requests at once', async () => {
  await sandbox.until(/port \d+\n/, 'PORT=0 exec node server.mjs', project, async (seen) => {
    const [, port = ''] = /port (\d+)/.exec(seen) ?? []
    const ask = async (question: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}/ask?question=${encodeURIComponent(question)}`)
      return await answer.text()
    }
    const questions = ['Say hello.', 'Who are you?', 'Count to ten.', 'Tell me a story.']
    await expectNoFileWritten(project, [], async () => {
      expect(await Promise.all(questions.map(ask))).toEqual(questions.map(answerTo))
    })
  })
})

describe('esbuild', () => {
  test('bundles an app with and without the package', async () => {
    const commands = readmeCommands('npx esbuild')
    expect(commands).toHaveLength(2)
    for (const command of commands) {
      const [, bundle = ''] = /--outfile=(\S+)/.exec(command) ?? []
      await sandbox.succeed(command, project)
      expect(await quietly(`node ${bundle}`)).toBe(hello)
      const elsewhere = `cp ${bundle} '${sandbox.folder}/bundle.mjs' && cd '${sandbox.folder}'`
      const ran = await sandbox.shell(`${elsewhere} && MLX_PROJECT='${project}' node bundle.mjs`, {
        cwd: project,
      })
      // The whole one needs nothing beside it.
      expect(bundle.includes('whole') ? ran.stdout : ran.stderr).toContain(
        bundle.includes('whole') ? hello : 'ERR_MODULE_NOT_FOUND',
      )
    }
  })

  test('bundles it as CommonJS', async () => {
    const code = readmeFile('app.mjs').replace('const engine', 'async function main() {\nconst engine')
    writeFileSync(join(project, 'main.mjs'), `${code}}\nmain()\n`)
    await sandbox.succeed(
      'npx esbuild main.mjs --bundle --platform=node --format=cjs --outfile=dist/app.cjs',
      project,
    )
    expect(await quietly('node dist/app.cjs')).toBe(hello)
  })

  test('bundles the functions for a custom start too', async () => {
    const code = `import { isSetUp } from 'mlx-app/setup'\nconsole.log(isSetUp())\n`
    writeFileSync(join(project, 'ready.mjs'), code)
    const flags = '--bundle --platform=node --minify'
    await sandbox.succeed(`npx esbuild ready.mjs ${flags} --format=esm --outfile=dist/ready.mjs`, project)
    await sandbox.succeed(`npx esbuild ready.mjs ${flags} --format=cjs --outfile=dist/ready.cjs`, project)
    expect(await quietly('node dist/ready.mjs')).toBe('true')
    expect(await quietly('node dist/ready.cjs')).toBe('true')
  })
})

test.each(['forks', 'threads', 'vmThreads'])('Vitest runs it, in %s', async (pool) => {
  const printed = await quietly(`npx vitest run --pool ${pool} app.test.mjs`, ['node_modules/.vite'])
  expect(printed).toMatch(/Tests +1 passed/)
})
