import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { answers } from '../support/hello.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

it('npm start makes a project, sets it up, and its model answers', async () => {
  const project = join(temporaryFolder(), 'demo of mine')
  const { exitCode, stdout } = await execa('npm', ['-s', 'start', '--', project], {
    cwd: repository,
    reject: false,
  })
  expect(exitCode).toBe(0)
  expect(stdout).toContain(`Creating a demo project in ${project}`)
  const [first] = answers
  expect(stdout).toContain(`> ${first?.question}\n${first?.answer}\n`)
})
