/**
 * Measures create-mlx-app against its peers and prints tables:
 *
 *   npm run bench                      all benches
 *   npm run bench -- create stream     some of them
 *
 * In each bench, the sides run alternately. To try a bench out, set BENCH_ROUNDS=1, BENCH_MODEL=hello or large (benches of
 * the engine; `real` measures SmolLM2) or BENCH_CALLS=100 (`memory`). With SOAK=1, `memory` makes 10,000 calls.
 */
import { execa } from 'execa'
import { ensureEnvironment } from '../scripts/environment.ts'
import { benchCancel } from './cancel.ts'
import { benchCreate } from './create.ts'
import { benchDesktop } from './desktop.ts'
import { benchFirstToken } from './first-token.ts'
import { benchInterTokenLatency } from './inter-token-latency.ts'
import { benchMemory } from './memory.ts'
import { benchNpx } from './npx.ts'
import { benchOptions } from './options.ts'
import { benchPackage } from './package.ts'
import { benchPromptCache } from './prompt-cache.ts'
import { benchPython } from './python-api.ts'
import { benchPythonInstall } from './python-install.ts'
import { benchScaling } from './scaling.ts'
import { benchServer } from './server.ts'
import { benchSetup } from './setup.ts'
import { benchStart } from './start.ts'
import { benchStream } from './stream.ts'
import { benchStreams } from './streams.ts'
import { machine, type Row, table } from './table.ts'
import { createProject, createWorkspace, python } from './workspace.ts'

type Bench = (workspace: string) => Promise<Row[]>

const benches = new Map<string, Bench>([
  ['create', benchCreate],
  ['npx', benchNpx],
  ['first-token', benchFirstToken],
  ['package', benchPackage],
  ['start', async (workspace) => benchStart(await measuredProject(workspace))],
  ['setup', async (workspace) => benchSetup(await measuredProject(workspace), 'python3')],
  ['python-install', async (workspace) => benchPythonInstall(workspace, 'python3')],
  ['stream', benchStream],
  ['streams', benchStreams],
  ['server', benchServer],
  ['options', benchOptions],
  ['prompt-cache', benchPromptCache],
  ['cancel', benchCancel],
  ['inter-token-latency', benchInterTokenLatency],
  ['memory', benchMemory],
  ['scaling', benchScaling],
  ['python', benchPython],
  ['desktop', benchDesktop],
])

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !benches.has(name))
if (unknown.length > 0) {
  console.error(`Unknown bench: ${unknown.join(', ')}. Available: ${[...benches.keys()].join(', ')}`)
  process.exit(2)
}

await ensureEnvironment()
await using workspace = await createWorkspace()
const rows: Row[] = []
for (const [name, bench] of benches) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const found = await bench(workspace.path)
  rows.push(...found)
  console.log(`\n## ${name}\n\n${table(found)}`)
}
const versions = await execa(python, [
  '-c',
  'import json, platform; from importlib.metadata import version as v; print(json.dumps({"Python": platform.python_version(), "mlx": v("mlx"), "mlx-lm": v("mlx-lm")}))',
])
console.log(`\n${machine(JSON.parse(versions.stdout))}`)
if (asked.length !== 1) console.log(`\n${table(rows)}`)

let creating: Promise<string> | undefined
function measuredProject(path: string): Promise<string> {
  creating ??= (async () => {
    const project = await createProject(path, 'measured')
    await execa('npm', ['run', 'build'], { cwd: project })
    return project
  })()
  return creating
}
