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

/** How long a command may take: an install without a cache is the longest. */
const patienceMs = 300_000

const enter = '\r'
const end = '\u0004'
/** Goes to the first one of a list. */
const first = '\u0001'

/** What is typed, each after the text that it answers has been drawn. */
const script: { after: string; type: string }[] = [
  { after: '$ ', type: `npm create mlx-app@latest my-app${enter}` },
  { after: 'Which template?', type: enter },
  { after: 'Which model?', type: first },
  { after: '❯   hello', type: enter },
  { after: 'Add features:', type: enter },
  { after: 'without prompts:', type: '' },
  { after: '\n$ ', type: `cd my-app${enter}` },
  { after: '\n$ ', type: `npm start${enter}` },
  { after: 'stops an answer.', type: '' },
  { after: '\n> ', type: `Who are you?${enter}` },
  { after: 'by heart.', type: '' },
  { after: '\n> ', type: end },
  { after: '$ ', type: '' },
]

/**
 * Makes a project in a terminal as a newcomer does, and asks it something.
 *
 * @param home folder that is made for it, and removed.
 * @returns what the terminal then shows.
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

/** Builds the tool, and puts together the machine of somebody who has Node and uv. @returns their environment. */
async function prepare(home: string, aside: string): Promise<NodeJS.ProcessEnv> {
  await bundle(join(aside, 'dist'))
  writeFileSync(join(aside, 'package.json'), '{ "type": "module" }\n')
  // The newest Node that most have: the one that runs this script may be one that the tool gives advice on.
  await execa('npm', ['install', '--prefix', aside, 'node@24'])
  const programs = join(home, '.local', 'bin')
  mkdirSync(programs, { recursive: true })
  const node = join(aside, 'node_modules', 'node', 'bin', 'node')
  symlinkSync(node, join(programs, 'node'))
  symlinkSync(await obtainUv(), join(programs, 'uv'))
  const npm = (await execa('sh', ['-c', 'readlink -f "$(command -v npm)"'])).stdout
  // `npm create` would run the published tool: this one is the one that was just built.
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

/** Types the script into a shell. @returns what it looks like then. */
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
        reject(new Error(`${JSON.stringify(wanted)} was not drawn:\n${withoutControls(drawn)}`))
      }, patienceMs)
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
    // The last prompt is what waits for more.
    return screen.lines().slice(0, -1)
  } finally {
    terminal.kill('SIGKILL')
  }
}
