/**
 * Measures create-mlx-app beside its peers and prints a table: `npm run bench`, or some of it by name:
 * `npm run bench -- create stream`. Every ratio is of two sides that ran in turns in this one run.
 */
import { execa } from 'execa'
import { ensureEnvironment } from '../scripts/environment.ts'
import { benchCreate } from './create.ts'
import { benchPackage } from './package.ts'
import { benchSetUp } from './set-up.ts'
import { benchStart } from './start.ts'
import { benchStream } from './stream.ts'
import { machine, type Row, table } from './table.ts'
import { createProject, openWorkshop, python, root } from './workshop.ts'

const names = ['create', 'package', 'set-up', 'start', 'stream']
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${names.join(', ')}`)
  process.exit(2)
}
const wants = (name: string) => wanted.length === 0 || wanted.includes(name)

await ensureEnvironment()
await execa('npm', ['run', 'build'], { cwd: root })
const rows: Row[] = []
await using workshop = await openWorkshop()
if (wants('create')) rows.push(...(await benchCreate(workshop.path)))
if (wants('package')) rows.push(...(await benchPackage(workshop.path)))
if (wants('start') || wants('set-up')) {
  const project = await createProject(workshop.path, 'measured')
  await execa('npm', ['run', 'build'], { cwd: project })
  if (wants('start')) rows.push(...(await benchStart(project)))
  if (wants('set-up')) rows.push(...(await benchSetUp(project, 'python3')))
}
if (wants('stream')) rows.push(...(await benchStream(workshop.path)))

const versions = await execa(python, [
  '-c',
  'import json, platform; from importlib.metadata import version as v; print(json.dumps({"Python": platform.python_version(), "mlx": v("mlx"), "mlx-lm": v("mlx-lm")}))',
])
console.log(`${machine(JSON.parse(versions.stdout))}\n\n${table(rows)}`)
