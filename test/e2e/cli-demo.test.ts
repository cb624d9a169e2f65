import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

it('npm start makes a project, sets it up, and its model answers', async () => {
  const project = join(temporaryFolder(), 'demo of mine')
  const { exitCode, stdout } = await execa('npm', ['-s', 'start', '--', project], {
    cwd: repository,
    reject: false,
  })
  expect(exitCode).toBe(0)
  expect(stdout).toContain(`Making a demo project in ${project}`)
  const answers: { question: string; answer: string }[] = JSON.parse(
    readFileSync(join(project, 'models', 'hello', 'answers.json'), 'utf8'),
  )
  const [first] = answers
  expect(stdout).toContain(`> ${first?.question}\n${first?.answer}\n`)
})
