/** The Dockerfile of mlx-app's README, step by step, as no image can be had here: a folder stands for each stage. */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { obtainUv } from '../../scripts/environment.ts'
import {
  type ConsumerSandbox,
  createConsumerSandbox,
  readmeFile,
  withReadOnly,
} from '../support/consumer-sandbox.ts'
import { hadolint, type Stage, stagesOf } from '../support/dockerfile.ts'
import { answerTo } from '../support/hello.ts'

let sandbox: ConsumerSandbox
let project: string
const stages = stagesOf(readmeFile('Dockerfile'))

beforeAll(async () => {
  sandbox = await createConsumerSandbox()
  project = sandbox.project('app', { 'app.mjs': readmeFile('app.mjs'), Dockerfile: readmeFile('Dockerfile') })
  await sandbox.succeed('npm install --package-lock-only mlx-app zod', project)
})
afterAll(async () => await sandbox[Symbol.asyncDispose]())

/** The folder that stands for /app of a stage, by its name or its number. */
const folderOf = (stage: string) => join(sandbox.folder, `stage ${stage}`)

/** What a stage does to its folder. Programs and users are of the machine, which has them. */
async function build({ name, instructions }: Stage): Promise<void> {
  const folder = folderOf(name)
  mkdirSync(folder)
  for (const instruction of instructions) {
    const line = `${instruction.name} ${instruction.rest}`
    if (/^(FROM|WORKDIR|USER|CMD) |^COPY .*\/usr\/local\/bin|^RUN useradd /.test(line)) {
      if (instruction.name === 'FROM') copyStage(instruction.rest, folder)
      continue
    }
    if (instruction.name === 'RUN') await sandbox.succeed(instruction.rest, folder)
    else if (instruction.name === 'COPY') copy(instruction.rest, folder)
    else throw new Error(`Nobody here follows ${line}`)
  }
}

/** A stage that begins with another one. */
function copyStage(rest: string, folder: string): void {
  const [base = ''] = rest.split(' ')
  if (stages.some(({ name }) => name === base)) cpSync(folderOf(base), folder, { recursive: true })
}

function copy(rest: string, folder: string): void {
  const [, stage, from = '', to = ''] = /^(?:--from=(\w+) )?(.*) (\S+)$/.exec(rest) ?? []
  expect(to).toBe('./')
  if (stage === undefined) for (const path of from.split(' ')) cpSync(join(project, path), join(folder, path))
  else {
    expect(from).toBe('/app')
    cpSync(folderOf(stage), folder, { recursive: true, verbatimSymlinks: true })
  }
}

test('passes hadolint', async () => {
  const lint = ['tool', 'run', '--from', hadolint, 'hadolint', '--no-color', '--failure-threshold', 'style']
  const { exitCode, all } = await execa(await obtainUv(), [...lint, 'Dockerfile'], {
    cwd: project,
    all: true,
    reject: false,
  })
  expect(exitCode, all).toBe(0)
})

test('runs the setup in a separate stage, without the app', async () => {
  expect(stages.map(({ name }) => name)).toEqual(['packages', 'python', ''])
  const withSetup = stages.filter(({ run }) => run.some((line) => line.includes('mlx-app setup')))
  expect(withSetup.map(({ name, copied }) => ({ name, copied }))).toEqual([{ name: 'python', copied: [] }])
})

test('builds an image that answers without the earlier stages', async () => {
  for (const stage of stages) await build(stage)
  for (const { name } of stages.slice(0, -1)) rmSync(folderOf(name), { recursive: true })
  const folder = folderOf('')
  const command = z.array(z.string()).parse(JSON.parse(stages.at(-1)?.instructions.at(-1)?.rest ?? ''))
  const run = `${withReadOnly(folder)} ${command.join(' ')}`
  expect(await sandbox.succeed(run, folder)).toBe(answerTo('Say hello.'))
})

test('uses the same base image for the setup and the last stage', () => {
  const images = stages.map(({ instructions }) => instructions[0]?.rest.split(' ')[0])
  expect(images[1]).toMatch(/^python:/)
  expect(images[2]).toBe(images[1])
})
