import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { createEngine } from '../packages/engine/src/engine/index.ts'
import { createDesk, type Desk, DesktopApp } from '../test/support/desktop-app.ts'
import { DesktopChat } from '../test/support/desktop-chat.ts'
import { desktopEnvironment, runInDesktop } from '../test/support/desktop-environment.ts'
import { packageDesktop } from '../test/support/packaged-desktop.ts'
import { alternate, interleave, median, rounds, time } from './measure.ts'
import { atMost, milliseconds, type Row, ratio } from './table.ts'
import { question, timeToFirstToken } from './time-to-first-token.ts'
import { createProject, hello } from './workspace.ts'

/** The highest ratio of the start of the vendored worker to that of a plain environment. */
const startBar = 0.7
const starter = '@quick-start/electron@1.0.30'
const starterTemplate = 'react-ts'

/**
 * Measures a packaged desktop app with the hello model, in the shim of Electron's API (test/support/electron-shim): its start,
 * that of its worker, and its size. Medians of 11, after a warm-up.
 */
export async function benchDesktop(workspace: string): Promise<Row[]> {
  const project = await createProject(workspace, 'my-desk', 'desktop', await desktopEnvironment())
  const program = await packageDesktop(project)
  const resources = join(dirname(program), 'resources')
  const python = join(resources, 'python', 'bin', 'python3')
  const vendored = join(resources, basename(project))
  const site = join(vendored, '_vendor')
  return [
    ...(await benchStart(program, python, site)),
    ...(await benchWorker(workspace, project, python, site)),
    ...(await vendoredSizes(join(vendored, 'vendor.json'))),
    await benchSize(workspace, resources),
  ]
}

/** Measures the app from its start to the window and to the first token, against the Python command by hand. */
async function benchStart(program: string, python: string, site: string): Promise<Row[]> {
  await using desk = await createDesk()
  const environment = {
    ...desk.environment,
    PYTHONPATH: site,
    PYTHONNOUSERSITE: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  }
  const generate = ['-m', 'mlx_app', 'generate', '--model', hello, question]
  const sides = await alternate(
    rounds(11),
    () => startApp(program, desk),
    async () => ({ windowMs: 0, tokenMs: await timeToFirstToken(python, generate, desk.home, environment) }),
  )
  const peer = median(sides.peer.map(({ tokenMs }) => tokenMs))
  const row = (what: string, ours: number): Row => ({
    what: `desktop app, packaged and warm, in the shim: ${what}`,
    ours: milliseconds(ours),
    peer: `the same Python by hand, first token: ${milliseconds(peer)}`,
    result: ratio(ours / peer),
  })
  return [
    row('window shown', median(sides.ours.map(({ windowMs }) => windowMs))),
    row('first token, asked as soon as possible', median(sides.ours.map(({ tokenMs }) => tokenMs))),
  ]
}

/** Starts the app, asks, and quits. Returns the milliseconds until the page is shown, and until the story begins. */
async function startApp(program: string, desk: Desk): Promise<{ windowMs: number; tokenMs: number }> {
  const start = performance.now()
  const app = await DesktopApp.start({ app: program, runtime: 'the shim', desk })
  try {
    await app.page.locator('.composer').waitFor()
    const windowMs = performance.now() - start
    const chat = await DesktopChat.open(app)
    await chat.say(question)
    await app.page.locator('.answer > .markdown', { hasText: 'Once' }).waitFor()
    return { windowMs, tokenMs: performance.now() - start }
  } finally {
    await app.quit()
  }
}

/**
 * Measures the start of the worker with the vendored packages, against the same packages as `uv pip install` leaves them, and
 * against the environment of `npm run setup`, where what the worker imports is compiled. All with the vendored interpreter.
 */
async function benchWorker(workspace: string, project: string, python: string, site: string): Promise<Row[]> {
  const libraries = join(project, '.mlx', 'venv', 'lib')
  const [version = ''] = await readdir(libraries)
  const compiled = join(libraries, version, 'site-packages')
  const plain = join(workspace, 'plain')
  await cp(compiled, plain, { recursive: true, filter: (path) => basename(path) !== '__pycache__' })
  const start = (folder: string) => () =>
    time(async () => {
      await using engine = await createEngine({ python, site: folder, device: 'cpu' })
      await engine.loadModel({ model: hello })
    })
  const sides = await interleave(rounds(11), [start(site), start(plain), start(compiled)])
  const [ours = Number.NaN, ofPlain = Number.NaN, ofCompiled = Number.NaN] = sides.map(median)
  const what = 'start of the vendored worker, pruned and compiled'
  return [
    {
      what,
      ours: milliseconds(ours),
      peer: `packages as uv installs them, without bytecode: ${milliseconds(ofPlain)}`,
      ...atMost(ours / ofPlain, startBar),
    },
    {
      what,
      ours: milliseconds(ours),
      peer: `the environment of npm run setup: ${milliseconds(ofCompiled)}`,
      result: ratio(ours / ofCompiled),
    },
  ]
}

const folderSizes = z.object({ installedBytes: z.number(), prunedBytes: z.number(), bytes: z.number() })
const recordSchema = z.object({ sizes: z.object({ packages: folderSizes, interpreter: folderSizes }) })

/** Reads the sizes from the record of `mlx-app vendor`. */
async function vendoredSizes(record: string): Promise<Row[]> {
  const { sizes } = recordSchema.parse(JSON.parse(await readFile(record, 'utf8')))
  return Object.entries(sizes).map(([name, { installedBytes, prunedBytes, bytes }]) => ({
    what: `vendored ${name}, pruned (with bytecode)`,
    ours: `${megabytes(prunedBytes)} (${megabytes(bytes)})`,
    peer: `as installed: ${megabytes(installedBytes)}`,
    result: ratio(prunedBytes / installedBytes),
  }))
}

/** Compares the app without Electron, model and Python with the starter of electron-vite, packaged in the same way. */
async function benchSize(workspace: string, resources: string): Promise<Row> {
  const project = join(workspace, 'starter')
  const create = ['create', '--yes', starter, 'starter', '--', '--template', starterTemplate, '--skip']
  await run(workspace, 'npm', ...create)
  // Electron's own script would download it.
  await run(project, 'npm', 'install', '--ignore-scripts')
  await run(project, 'npx', 'electron-vite', 'build')
  await run(project, 'npx', 'electron-builder', '--dir', `-c.electronDist=${join(workspace, 'electron')}`)
  const [ours, peer] = [
    await archiveSize(resources),
    await archiveSize(join(project, 'dist/linux-unpacked/resources')),
  ]
  return {
    what: 'desktop app without Electron, model and Python',
    ours: megabytes(ours),
    peer: `${starter} ${starterTemplate}: ${megabytes(peer)}`,
    result: ratio(ours / peer),
  }
}

async function run(folder: string, program: string, ...flags: string[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  const { all, exitCode } = await runInDesktop(folder, program, flags)
  if (exitCode !== 0) throw new Error(`${program} ${flags.join(' ')} failed with ${exitCode}:\n${all}`)
}

/** Returns the bytes of the archive and of the files that are kept beside it. */
async function archiveSize(resources: string): Promise<number> {
  const names = (await readdir(resources)).filter((name) => name.startsWith('app.asar'))
  const sizes = names.map(async (name) => {
    const path = join(resources, name)
    if ((await stat(path)).isFile()) return (await stat(path)).size
    const files = await readdir(path, { recursive: true, withFileTypes: true })
    const bytes = files
      .filter((file) => file.isFile())
      .map(async (file) => (await stat(join(file.parentPath, file.name))).size)
    return (await Promise.all(bytes)).reduce((sum, size) => sum + size, 0)
  })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
