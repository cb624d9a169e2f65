/** The step of `npm test` that gets system programs, on machines whose apt-get and sudo are scripts. */
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { ensurePrograms } from '../support/programs/ensure.ts'
import { program } from '../support/programs/find.ts'
import type { InstallContext } from '../support/programs/install-context.ts'
import { type ProgramName, programs } from '../support/programs/list.ts'
import { needs } from '../support/programs/needs.ts'

interface Machine {
  /** Folder of its programs. */
  folder: string
  /** Adds a program that runs a shell script. */
  add(name: string, text: string): void
  /** Runs the step. */
  run(
    changes?: Partial<InstallContext>,
    variables?: NodeJS.ProcessEnv,
  ): Promise<{ exitCode: number; text: string }>
  /** The calls of apt-get, each with its words. */
  calls(): string[]
}

/** A machine with every program of the list but some. */
function machine(...absent: ProgramName[]): Machine {
  const folder = temporaryFolder('programs')
  const log = join(folder, 'calls')
  const add = (name: string, text: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  for (const name of Object.keys(programs)) if (!absent.some((other) => other === name)) add(name, '')
  symlinkSync('/usr/bin/env', join(folder, 'env'))
  return {
    folder,
    add: (name, text) => add(name, name === 'apt-get' ? `echo "$@" >> '${log}'\n${text}` : text),
    run: async (changes = {}, variables = {}) => {
      const lines: string[] = []
      const exitCode = await ensurePrograms({
        environment: { PATH: folder, ...variables },
        platform: 'linux',
        isRoot: true,
        lockWaitMs: 0,
        print: (line) => lines.push(line),
        ...changes,
      })
      return { exitCode, text: lines.join('\n') }
    },
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  }
}

const update = 'case "$2" in update) exit 0;; esac'
const skippedNote =
  'Tests that need them are skipped and listed at the end: 2 programs missing (chromium, caddy).'

describe('getting the programs that tests need', { timeout: 30_000 }, () => {
  it('does and prints nothing if none is missing', async () => {
    const { run, add, calls } = machine()
    add('apt-get', 'exit 1')
    expect(await run()).toEqual({ exitCode: 0, text: '' })
    expect(calls()).toEqual([])
  })

  it('installs what is missing in one go, and says what and why', async () => {
    const { run, add, calls, folder } = machine('chromium', 'caddy')
    add('apt-get', `${update}\n: > '${folder}/chromium'; : > '${folder}/caddy'; /bin/chmod +x '${folder}'/c*`)
    const { exitCode, text } = await run({}, { CI: 'true' })
    expect({ exitCode, text: text.replaceAll(/in \d+ s/g, 'in 1 s') }).toEqual({
      exitCode: 0,
      text: [
        'Tests need 2 programs not found here:',
        '  chromium  for pages in a browser',
        '  caddy     for load balancing',
        'apt-get update',
        '  done in 1 s',
        'apt-get install --yes --no-install-recommends chromium caddy',
        '  done in 1 s',
        'All of them are installed.',
      ].join('\n'),
    })
    expect(calls()).toEqual([
      '--quiet=2 update',
      '--quiet=2 install --yes --no-install-recommends chromium caddy',
    ])
  })

  const troubles: [trouble: string, output: string, message: string][] = [
    [
      'no network',
      "E: Failed to fetch http://deb.example/x.deb  Temporary failure resolving 'deb.example'",
      "apt-get can't reach its servers. Check the network, then run this again.",
    ],
    [
      'a lock',
      'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4321 (unattended-upgr)',
      'unattended-upgr (process 4321) is using apt. Wait until it has ended, then run this again.',
    ],
    [
      'an interrupted dpkg',
      "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
      'An earlier installation was interrupted. To finish it: sudo dpkg --configure -a',
    ],
    ['anything else', 'E: No space is left in the air.', 'apt-get failed. See its output above.'],
  ]
  it.each(troubles)('reports %s in one message, below the output of apt-get', async (_, output, message) => {
    const { run, add } = machine('chromium', 'caddy')
    add('apt-get', `${update}\necho "${output}" >&2; exit 100`)
    const { exitCode, text } = await run()
    expect(text.split('\n').slice(-3)).toEqual([`  ${output}`, message, skippedNote])
    expect(exitCode).toBe(0)
  })

  it('reports a lock that blocks apt-get update', async () => {
    const { run, add, calls } = machine('caddy')
    add(
      'apt-get',
      'echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt)"; exit 100',
    )
    expect((await run()).text).toContain('apt (process 7) is using apt. Wait until it has ended')
    expect(calls()).toEqual(['--quiet=2 update'])
  })

  it('waits for a lock, and continues when it is released', async () => {
    const { run, add, folder, calls } = machine('caddy')
    const lock =
      'echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt)"; exit 100'
    const install = `: > '${folder}/caddy'; /bin/chmod +x '${folder}/caddy'`
    add('apt-get', `[ -e '${folder}/tried' ] || { : > '${folder}/tried'; ${lock}; }\n${update}\n${install}`)
    const { exitCode, text } = await run({ lockWaitMs: 60_000 })
    expect(text).toContain('Waiting for apt (process 7), which is using apt, for up to 1 minute.')
    expect(text).toMatch(/All of them are installed\.$/)
    expect(exitCode).toBe(0)
    expect(calls().map((call) => call.split(' ')[1])).toEqual(['update', 'update', 'install'])
  })

  it('installs the rest where apt-get lacks one', async () => {
    const { run, add, folder, calls } = machine('chromium', 'caddy')
    const unknown = 'case "$*" in *chromium*) echo \'E: Unable to locate package chromium\'; exit 100;; esac'
    add('apt-get', `${update}\n${unknown}\n: > '${folder}/caddy'; /bin/chmod +x '${folder}/caddy'`)
    const { exitCode, text } = await run()
    expect(text).toContain('apt-get knows no package chromium.\nTests that need them are skipped')
    expect(text).toContain('1 program missing (chromium)')
    expect(exitCode).toBe(0)
    expect(calls().at(-1)).toMatch(/ caddy$/)
  })

  it('only names the programs without apt-get', async () => {
    const { exitCode, text } = await machine('chromium', 'caddy').run()
    expect(text.split('\n').slice(-2)).toEqual([
      'There is no apt-get on this system. Install the programs another way, then run this again.',
      skippedNote,
    ])
    expect(exitCode).toBe(0)
  })

  it('skips programs on macOS that tests do not use there', async () => {
    const { run } = machine('btrfs', 'openssl', 'caddy')
    expect((await run({ platform: 'darwin' })).text).toContain('1 program missing (caddy)')
  })

  it('needs root, or sudo without a password', async () => {
    const { run, add, calls } = machine('chromium', 'caddy')
    add('apt-get', 'exit 1')
    const command =
      'Installing them needs root, or sudo without a password. Run: sudo apt-get install --no-install-recommends chromium caddy'
    expect((await run({ isRoot: false })).text).toContain(`${command}\n${skippedNote}`)
    add('sudo', 'echo "sudo: a password is required" >&2; exit 1')
    expect((await run({ isRoot: false })).text).toContain(`${command}\n${skippedNote}`)
    expect(calls()).toEqual([])
  })

  it('uses sudo that asks for no password', async () => {
    const { run, add, folder } = machine('caddy')
    add(
      'apt-get',
      `${update}\n[ "$ROOT$DEBIAN_FRONTEND" = yesnoninteractive ] || exit 1
: > '${folder}/caddy'; /bin/chmod +x '${folder}/caddy'`,
    )
    add('sudo', '[ "$1" = --non-interactive ] || exit 1; shift; [ "$1" = true ] || ROOT=yes exec "$@"')
    expect((await run({ isRoot: false })).text).toMatch(/All of them are installed\.$/)
  })

  it('reports a variable that names no program', async () => {
    const { text } = await machine().run({}, { CHROMIUM_PATH: '/no/chromium' })
    expect(text).toContain('CHROMIUM_PATH is /no/chromium, which is not a program.\nTests that need them')
  })

  it.each(['true', 'TRUE', '1'])('fails if CI is %s and one is missing', async (CI) => {
    const { exitCode, text } = await machine('chromium', 'caddy').run({}, { CI })
    expect(text.split('\n').at(-1)).toBe(
      'In CI no tests are skipped, so this fails: 2 programs missing (chromium, caddy).',
    )
    expect(exitCode).toBe(1)
  })
})

it('a program that is not in the list is not a test program', () => {
  const message = 'ls is not listed'
  // @ts-expect-error: the list's own names alone.
  expect(() => program('ls')).toThrow(message)
  // @ts-expect-error: the list's own names alone.
  expect(() => needs('caddy', 'ls')).toThrow(message)
})
