/** Interruptions in the middle of each step, on a real pseudo-terminal: what stays, what is said, what still runs. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isAlive } from '../../src/process/descendants.ts'
import { graceMs } from '../../src/process/terminate.ts'
import { readTree, temporaryFolder, writeTree } from '../support/folders.ts'
import { pausedMark, pauseToolAt } from '../support/paused-tool.ts'
import {
  builtTool,
  gitIdentity,
  keys,
  plainEnvironment,
  programs,
  runInTerminal,
  type Terminal,
} from '../support/tool.ts'

const bin = await builtTool()

/** Room for every sentence. */
const columns = 200

/** Ways to interrupt that end once the tool has been told. */
const ways: [name: string, leave: (terminal: Terminal) => Promise<void>][] = [
  [
    'Ctrl-C',
    async (terminal) => {
      terminal.press(keys.interrupt)
      // Drawn by the terminal once it has sent the signal.
      await terminal.see('^C')
    },
  ],
  ['SIGINT', async (terminal) => terminal.kill('SIGINT')],
  ['SIGTERM', async (terminal) => terminal.kill('SIGTERM')],
  ['SIGHUP', async (terminal) => terminal.kill('SIGHUP')],
]

describe.each(ways)('%s while files are written', (_, leave) => {
  const places = [
    ['mkdirSync', 1],
    ['writeFileSync', 1],
    ['writeFileSync', 16],
    // The last but one of the template, which has 50 files and more.
    ['writeFileSync', 49],
  ] as const

  it.each(places)('at %s, call %i, leaves nothing of a new folder behind', async (method, nth) => {
    const folder = temporaryFolder()
    const { environment, resume } = pauseToolAt(method, nth)
    const flags = ['above/x', '--yes', '--model', 'hello']
    const terminal = runInTerminal(bin, flags, { cwd: folder, columns, env: plainEnvironment(environment) })
    await terminal.see(pausedMark)
    await leave(terminal)
    resume()
    expect(await terminal.ended).toBe(130)
    expect(terminal.text()).toContain('Interrupted. Nothing was written.')
    expect(readTree(folder)).toEqual({})
  })

  it.each(places)('at %s, call %i, leaves an existing folder unchanged', async (method, nth) => {
    const folder = temporaryFolder()
    writeTree(folder, { 'README.md': 'mine', 'src/mine.ts': 'mine', '.git/HEAD': 'mine' })
    const before = readTree(folder)
    const { environment, resume } = pauseToolAt(method, nth)
    const flags = ['.', '--force', '--yes', '--model', 'hello']
    const terminal = runInTerminal(bin, flags, { cwd: folder, columns, env: plainEnvironment(environment) })
    await terminal.see(pausedMark)
    await leave(terminal)
    resume()
    expect(await terminal.ended).toBe(130)
    expect(terminal.text()).toContain('Interrupted. Nothing was written.')
    expect(readTree(folder)).toEqual(before)
  })

  it('keeps the complete project once it is in place, and says how to continue', async () => {
    const folder = temporaryFolder()
    // The one call for a new folder: it was made aside and is moved into place.
    const { environment, resume } = pauseToolAt('renameSync', 1)
    const flags = ['x', '--yes', '--model', 'hello']
    const terminal = runInTerminal(bin, flags, { cwd: folder, columns, env: plainEnvironment(environment) })
    await terminal.see(pausedMark)
    await leave(terminal)
    resume()
    expect(await terminal.ended).toBe(130)
    expect(terminal.text()).toContain(
      `Interrupted. The project is in ${join(folder, 'x')}. To finish, run there: npm install && npm run setup`,
    )
    expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true)
    expect(existsSync(join(folder, 'x', 'node_modules'))).toBe(false)
    expect(Object.keys(readTree(folder)).filter((path) => !path.startsWith('x'))).toEqual([])
  })
})

/** A command of a step that starts another program, notes the ids of both, and waits for ever. */
const lingering = (notes: string) =>
  `sleep 1000 & echo "$$ $!" > '${notes}/ids'; echo "step of $1 $2" > /dev/tty; wait`

/** Each step after writing: the programs on the PATH, and what is said of how to go on. */
const steps: [name: string, scripts: (notes: string) => Record<string, string>, goOn: string][] = [
  [
    'the install',
    (notes) => ({ npm: `case "$1" in install) ${lingering(notes)};; esac` }),
    'To finish, run there: npm install && npm run setup',
  ],
  [
    'the setup of Python',
    (notes) => ({ npm: `case "$1" in run) ${lingering(notes)};; esac` }),
    'To finish, run there: npm run setup',
  ],
  [
    'making the git repository',
    (notes) => ({
      npm: 'exit 0',
      git: `case "$1" in add) ${lingering(notes)};; *) exec /usr/bin/git "$@";; esac`,
    }),
    'Only its git repository is missing.',
  ],
]

const idsIn = (notes: string): number[] =>
  readFileSync(join(notes, 'ids'), 'utf8').trim().split(' ').map(Number)

describe.each(steps)('%s', (_, scripts, goOn) => {
  const start = (notes: string, folder: string, shell: boolean): Terminal => {
    const env = plainEnvironment({ ...gitIdentity, PATH: programs(scripts(notes)) })
    return runInTerminal(bin, ['x', '--yes', '--model', 'hello'], { cwd: folder, env, columns, shell })
  }

  it.each(ways)(
    'interrupted by %s ends all the programs it started, and keeps the project',
    async (_way, leave) => {
      const folder = temporaryFolder()
      const notes = temporaryFolder('notes')
      const terminal = start(notes, folder, true)
      await terminal.see('step of ')
      const ids = idsIn(notes)
      expect(ids.map(isAlive)).toEqual([true, true])
      await leave(terminal)
      expect(await terminal.ended).toBe(130)
      expect(ids.map(isAlive)).toEqual([false, false])
      expect(terminal.text()).toContain(`Interrupted. The project is in ${join(folder, 'x')}. ${goOn}`)
      expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true)
      expect(existsSync(join(folder, 'x', '.git'))).toBe(false)
    },
  )

  it('ends all the programs it started when the terminal closes', async () => {
    const folder = temporaryFolder()
    const notes = temporaryFolder('notes')
    const terminal = start(notes, folder, false)
    await terminal.see('step of ')
    const ids = [terminal.pid, ...idsIn(notes)]
    terminal.hangUp()
    expect(await terminal.ended).toBe(130)
    await expect.poll(() => ids.map(isAlive)).toEqual([false, false, false])
    expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true)
  })
})

describe('a command that ignores requests to end', () => {
  const stubborn = (notes: string) =>
    `trap '' TERM INT HUP; sleep 1000 & echo "$$ $!" > '${notes}/ids'; echo 'step of npm' > /dev/tty; while :; do wait; done`

  /** The tool, in the middle of such an npm. */
  const runStubborn = async () => {
    const notes = temporaryFolder('notes')
    const env = plainEnvironment({ PATH: programs({ npm: stubborn(notes) }) })
    const terminal = runInTerminal(bin, ['x', '--yes', '--model', 'hello', '--no-git'], {
      cwd: temporaryFolder(),
      env,
      columns,
    })
    await terminal.see('step of ')
    return { terminal, ids: idsIn(notes) }
  }

  it('is waited for, and a second Ctrl-C kills it at once', async () => {
    const { terminal, ids } = await runStubborn()
    terminal.press(keys.interrupt)
    await terminal.see('Waiting for npm to exit. Press Ctrl-C again to kill it.')
    expect(ids.map(isAlive)).toEqual([true, true])
    const asked = performance.now()
    terminal.press(keys.interrupt)
    expect(await terminal.ended).toBe(130)
    expect(performance.now() - asked).toBeLessThan(graceMs)
    expect(ids.map(isAlive)).toEqual([false, false])
    expect(terminal.text()).toContain('To finish, run there: npm install && npm run setup')
  })

  it('is killed after a while', async () => {
    const { terminal, ids } = await runStubborn()
    terminal.kill('SIGTERM')
    expect(await terminal.ended).toBe(130)
    expect(ids.map(isAlive)).toEqual([false, false])
  })
})
