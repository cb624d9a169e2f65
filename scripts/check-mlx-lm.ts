/**
 * Checks whether the newest mlx-lm and mlx still work with this project. Creates an environment with the locked packages and
 * these two, runs the tests of the adapter in it, and lists by mlx-lm's names what works and what broke.
 *
 *   npm run check:mlx-lm                        the newest versions in the index
 *   npm run check:mlx-lm -- --version 0.32.2    this mlx-lm, with the mlx that it requires
 *
 * Exits with 1 if something broke.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { z } from 'zod'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { pythonDirectory } from '../packages/engine/src/package-files.ts'
import { createEnvironmentWithUv, installWithUv } from '../packages/engine/src/setup/environment/uv.ts'
import { lockedVersion, lockFiles } from '../packages/engine/src/setup/plan/locks.ts'
import { childEnvironment, runVisibly } from '../packages/engine/src/setup/process/child-process.ts'
import { ensureEnvironment, obtainUv, repository } from './environment.ts'

const { values: flags } = parseArgs({ options: { version: { type: 'string' } } })

const contract = join(pythonDirectory, 'tests', 'adapter')
const packages = ['mlx-lm', 'mlx'] as const
/** The packages that mlx depends on, by platform. */
const backends = ['mlx-cpu', 'mlx-metal']

const usedSchema = z.array(z.object({ name: z.string(), file: z.string(), missing: z.string().nullable() }))
const testsSchema = z.array(
  z.object({ test: z.string(), names: z.array(z.string()), failure: z.string().nullable() }),
)
type Tests = z.infer<typeof testsSchema>

const folder = await mkdtemp(join(tmpdir(), 'mlx-app-newest-'))
try {
  const python = await environmentIn(folder)
  console.log(await versionsLine(python))
  const used = usedSchema.parse(
    JSON.parse(await outputOf(python, [join(contract, 'mlx_lm_names.py'), join(pythonDirectory, 'src')])),
  )
  const tests = await runContract(python)
  const broke = report(used, tests)
  if (broke > 0) process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Installs the locked packages, then the newer versions of both, with the dependencies that they require. */
async function environmentIn(place: string): Promise<string> {
  const base = await ensureEnvironment()
  const uv = await obtainUv()
  const run = { environment: childEnvironment(process.env, repository), directory: place }
  await createEnvironmentWithUv(uv, base, join(place, 'venv'), run)
  const python = interpreterIn(join(place, 'venv'))
  await installWithUv(uv, python, lockFiles(pythonDirectory, 'dev'), run)
  const mlxLm = flags.version === undefined ? 'mlx-lm' : `mlx-lm==${flags.version}`
  const mlx = process.platform === 'linux' ? 'mlx[cpu]' : 'mlx'
  await runVisibly(
    uv,
    [
      ...['pip', 'install', '--quiet', '--python', python],
      ...[...packages, ...backends].flatMap((name) => ['--upgrade-package', name]),
      ...[mlxLm, mlx],
    ],
    { ...run, failure: 'Could not install the newest mlx-lm', hint: 'See the output above.' },
  )
  return python
}

/** Returns a line with the versions that are tested, and whether they are the locked ones. */
async function versionsLine(python: string): Promise<string> {
  const program = `import importlib.metadata as m; print(*(m.version(name) for name in ${JSON.stringify(packages)}))`
  const found = (await outputOf(python, ['-c', program])).split(' ')
  const lock = readFileSync(join(pythonDirectory, 'requirements.lock'), 'utf8')
  const pinned = packages.map((name) => lockedVersion(lock, name))
  const named = (versions: readonly (string | undefined)[]) =>
    packages.map((name, index) => `${name} ${versions[index]}`).join(' and ')
  const chosen = flags.version === undefined ? 'the newest' : 'as requested'
  return found.join() === pinned.join()
    ? `${named(found)}: ${chosen}, and the locked versions.`
    : `${named(found)}: ${chosen}; locked: ${named(pinned)}.`
}

/** Runs the tests and returns their results, or none if pytest could not collect them. Prints pytest's output on failure. */
async function runContract(python: string): Promise<Tests> {
  const report = join(folder, 'report.json')
  const { all } = await execa(
    python,
    ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-p', 'contract_report'].concat([
      ...['--contract-report', report, contract],
    ]),
    {
      cwd: pythonDirectory,
      env: { PYTHONPATH: [join(pythonDirectory, 'src'), dirname(contract), contract].join(delimiter) },
      reject: false,
      all: true,
    },
  )
  const tests = existsSync(report) ? testsSchema.parse(JSON.parse(readFileSync(report, 'utf8'))) : []
  if (tests.length === 0 || tests.some(({ failure }) => failure !== null)) console.log(`\n${all}\n`)
  return tests
}

/** Prints a line for each name, and for each failed test without a name. Returns how many of them broke. */
function report(used: z.infer<typeof usedSchema>, tests: Tests): number {
  let broke = 0
  const width = Math.max(...used.map(({ name }) => name.length))
  for (const name of [...new Set(used.map((one) => one.name))]) {
    const files = used.filter((one) => one.name === name)
    const own = tests.filter(({ names }) => names.includes(name))
    const failed = own.filter(({ failure }) => failure !== null)
    const missing = files[0]?.missing ?? null
    const where = files.map(({ file }) => file.replace(/^mlx_app\/mlx_lm_adapter\//, '')).join(', ')
    // A name whose tests could not run may be broken too, so it counts.
    const state = missing !== null || failed.length > 0 ? 'broken' : own.length === 0 ? 'unknown' : 'works'
    if (state !== 'works') broke++
    const result = missing ?? testResult(own.length, failed.length)
    console.log(`${state.padEnd(7)}  ${name.padEnd(width)}  ${result} (${where})`)
    for (const { test, failure } of failed) console.log(`           ${test}: ${failure}`)
  }
  for (const { test, failure } of tests.filter(({ names }) => names.length === 0)) {
    if (failure === null) continue
    broke++
    console.log(`broken   ${test}: ${failure}`)
  }
  console.log(broke === 0 ? 'Everything works.' : `${broke} broke or could not be tested.`)
  return broke
}

function testResult(run: number, failed: number): string {
  if (run === 0) return 'exists, but its tests could not run'
  return failed === 0 ? `${run} ${run === 1 ? 'test' : 'tests'}` : `${failed} of ${run} tests failed`
}

async function outputOf(python: string, programArguments: string[]): Promise<string> {
  const { stdout } = await execa(python, programArguments)
  return stdout.trim()
}
