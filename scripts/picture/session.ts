import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from '@lydell/node-pty'
import { execa } from 'execa'
import { bundle } from '../bundle.ts'
import { obtainUv } from '../environment.ts'
import { withoutControls } from './controls.ts'
import { type Line, Screen } from './screen.ts'

const columns = 96
const rows = 200

/** The time limit of a command. Installing without a cache takes longest. */
const timeoutMs = 300_000

const enter = '\r'
const end = '\u0004'
/** The key that selects the first item of a list. */
const first = '\u0001'

/** What is typed, each time after a text has appeared. */
const script: { after: string; type: string }[] = [
  { after: '$ ', type: `npm create mlx-app@latest my-app${enter}` },
  { after: 'Which template?', type: enter },
  { after: 'Which model?', type: first },
  { after: '❯   hello', type: enter },
  { after: 'Add features:', type: enter },
  { after: 'without prompts:', type: '' },
  { after: '\n$ ', type: `cd my-app${enter}` },
  { after: '\n$ ', type: `npm start${enter}` },
  { after: 'to stop an answer.', type: '' },
  { after: '\n> ', type: `Who are you?${enter}` },
  { after: 'by heart.', type: '' },
  { after: '\n> ', type: end },
  { after: '$ ', type: '' },
]

/**
 * Creates a project in a terminal as a new user would, and asks its model a question.
 *
 * @param home the home folder, which is created and removed.
 * @returns what the terminal shows at the end.
 */
export async function recordSession(home: string): Promise<Line[]> {
  const aside = mkdtempSync(join(tmpdir(), 'create-mlx-app-picture-'))
  mkdirSync(home)
  try {
    const environment = await prepare(home, aside)
    return await play(home, environment)
  } finally {
    for (const folder of [home, aside]) rmSync(folder, { recursive: true, force: true })
  }
}

/** Builds the tool and creates the home folder of a user with Node and uv. @returns their environment. */
async function prepare(home: string, aside: string): Promise<NodeJS.ProcessEnv> {
  await bundle(join(aside, 'dist'))
  writeFileSync(join(aside, 'package.json'), '{ "type": "module" }\n')
  // The running Node may be one that the tool warns about, so this uses the current LTS version.
  await execa('npm', ['install', '--prefix', aside, 'node@24'])
  const programs = join(home, '.local', 'bin')
  mkdirSync(programs, { recursive: true })
  const node = join(aside, 'node_modules', 'node', 'bin', 'node')
  symlinkSync(node, join(programs, 'node'))
  symlinkSync(await obtainUv(), join(programs, 'uv'))
  const npm = (await execa('sh', ['-c', 'readlink -f "$(command -v npm)"'])).stdout
  // Makes `npm create` run the tool that was just built instead of the published one.
  const create = `exec '${node}' '${join(aside, 'dist', 'index.js')}' "$@"`
  writeFileSync(
    join(programs, 'npm'),
    `#!/bin/sh\n[ "$1" = create ] && { shift 2; export npm_config_user_agent=npm/11; ${create}; }\nexec '${node}' '${npm}' "$@"\n`,
  )
  chmodSync(join(programs, 'npm'), 0o755)
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n')
  const passedOn = Object.entries(process.env).filter(([name]) =>
    /^(UV_|PIP_|SSL_CERT|NODE_EXTRA_CA|((HTTPS?|NO|ALL)_PROXY)$)/i.test(name),
  )
  return {
    UV_CACHE_DIR: join(homedir(), '.cache', 'uv'),
    npm_config_registry: (await execa('npm', ['config', 'get', 'registry'])).stdout,
    npm_config_cache: (await execa('npm', ['config', 'get', 'cache'])).stdout,
    npm_config_update_notifier: 'false',
    ...Object.fromEntries(passedOn),
    HOME: home,
    PATH: `${programs}:/usr/bin:/bin`,
    PS1: '$ ',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
  }
}

/** Types the script into a shell. @returns the lines on the screen. */
async function play(home: string, environment: NodeJS.ProcessEnv): Promise<Line[]> {
  const screen = new Screen(columns, rows)
  const terminal = spawn('sh', ['-i'], { cwd: home, cols: columns, rows, env: environment })
  let drawn = ''
  let seen = 0
  let look = (): void => {}
  terminal.onData((data) => {
    drawn += data
    void screen.write(data).then(() => look())
  })
  const see = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${JSON.stringify(wanted)} did not appear in:\n${withoutControls(drawn)}`))
      }, timeoutMs)
      look = () => {
        const index = withoutControls(drawn).indexOf(wanted, seen)
        if (index < 0) return
        seen = index + wanted.length
        clearTimeout(timer)
        resolve()
      }
      look()
    })
  try {
    for (const { after, type } of script) {
      await see(after)
      terminal.write(type)
    }
    // Removes the last prompt, which waits for input.
    return screen.lines().slice(0, -1)
  } finally {
    terminal.kill('SIGKILL')
  }
}
