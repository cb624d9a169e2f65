/** What docs/library.md and the README show is true: their snippets type-check, run, and print what they say. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { outputOf, programOf } from '../../../test/support/snippets.ts'
import { makeProject, useFolder } from '../../engine/test/engine/support.ts'

const execute = promisify(execFile)
const packageFolder = join(import.meta.dirname, '..')
const repository = join(packageFolder, '../..')
const project = makeProject(join(useFolder().path, 'project'))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

// Where Node finds the packages, and git and the checks of types look past.
const place = join(repository, '.mlx')
mkdirSync(place, { recursive: true })
const folder = mkdtempSync(join(place, 'library '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(['README.md', 'docs/library.md'])('%s', (document) => {
  const { code, expected } = programOf(readFileSync(join(packageFolder, document), 'utf8'))
  const home = join(folder, document.replaceAll(/\W/g, '-'))
  mkdirSync(home)
  writeFileSync(join(home, 'snippets.ts'), code)
  const config = {
    extends: join(repository, 'tsconfig.base.json'),
    compilerOptions: { noUnusedLocals: false, typeRoots: [join(repository, 'node_modules/@types')] },
    include: ['snippets.ts'],
  }
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(config))

  test('type-checks', { timeout: 300_000 }, async () => {
    // What is wrong stands on standard output, and the failure has it.
    const checked = await execute(process.execPath, [tsc, '-p', home]).catch((error: unknown) => error)
    expect(checked).toMatchObject({ stdout: '', stderr: '' })
  })

  test('prints what it shows', async () => {
    const { stdout } = await execute(process.execPath, ['--import', 'tsx', join(home, 'snippets.ts')], {
      env: { ...process.env, MLX_PROJECT: project, LOG_LEVEL: 'silent', PORT: '0' },
    })
    expect(outputOf(stdout)).toEqual(expected)
  })
})
