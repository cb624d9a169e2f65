/**
 * Runs tests of the Python package with each version of Python that it supports, in an environment with the packages in the locks.
 * uv finds or downloads the interpreters. Exits with 1 if a test fails, or if there is none of these versions.
 *
 *   npm run check:pythons                          the tests of the API
 *   npm run check:pythons -- tests/command_line    other tests, by their path in the Python package
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { pythonDirectory } from '../packages/engine/src/package-files.ts'
import { obtainUv } from './environment.ts'

const versions = ['3.11', '3.12', '3.13', '3.14']
const given = process.argv.slice(2)
const tests = given.length > 0 ? given : ['tests/engine']
const uv = await obtainUv()
const folder = mkdtempSync(join(tmpdir(), 'mlx-app-pythons-'))
const results: string[] = []
let failed = 0
let tested = 0

/** Runs a program in the Python package while the user watches. @returns whether it succeeded. */
async function run(program: string, parameters: readonly string[]): Promise<boolean> {
  const env = { PYTHONPATH: [join(pythonDirectory, 'src'), join(pythonDirectory, 'tests')].join(':') }
  const { failed: hasFailed } = await execa(program, parameters, {
    cwd: pythonDirectory,
    env,
    reject: false,
    stdio: 'inherit',
  })
  return !hasFailed
}

try {
  for (const version of versions) {
    const environment = join(folder, version)
    console.log(`\nPython ${version}`)
    if (!(await run(uv, ['venv', '--quiet', '--python', version, environment]))) {
      results.push(`? Python ${version} is not on this machine, and uv could not download it`)
      continue
    }
    const python = interpreterIn(environment)
    const locks = ['requirements.lock', 'requirements-dev.lock'].flatMap((lock) => ['-r', lock])
    const install = ['pip', 'install', '--quiet', '--python', python, '--require-hashes', ...locks]
    tested++
    if (
      (await run(uv, install)) &&
      (await run(python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', ...tests]))
    ) {
      results.push(`✓ Python ${version}`)
    } else {
      failed++
      results.push(`✗ Python ${version}`)
    }
    rmSync(environment, { recursive: true, force: true })
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`\n${results.join('\n')}`)
if (failed > 0 || tested === 0) process.exitCode = 1
