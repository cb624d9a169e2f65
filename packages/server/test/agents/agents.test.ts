/**
 * Real coding agents turn a red test green in a scratch repository. `mlx-app-server agent` starts them with a server of their own
 * and a model that was trained for it (scripts/agents), in a network without a way out. SOAK=1 tests all agents.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNamespace, type Namespace } from '../../../../test/support/namespace.ts'
import { needs } from '../../../../test/support/programs/needs.ts'
import { gitIdentity } from '../../../../test/support/tool.ts'
import { makeProject, useFolder } from '../../../engine/test/engine/support.ts'
import { serverProgram } from '../server-program.ts'
import { type AgentName, agentFolders } from './programs.ts'

const prompt = 'Run the tests and fix what fails.'

/** The arguments with which an agent does a task without asking, and the least number of its requests. */
const tasks: Record<AgentName, { words: readonly string[]; requests: number }> = {
  claude: { words: ['-p', '--dangerously-skip-permissions', prompt], requests: 4 },
  codex: { words: ['exec', '--dangerously-bypass-approvals-and-sandbox', prompt], requests: 4 },
  opencode: { words: ['run', prompt], requests: 4 },
  qwen: { words: ['--yolo', '--prompt', prompt], requests: 4 },
  // It reads the change from the answer to one request, and the test command is its own.
  aider: {
    words: [
      ...['--yes-always', '--no-auto-commits', '--no-gitignore', '--map-tokens', '0'],
      ...['--no-stream', '--no-pretty', '--message', prompt, 'sum.js'],
    ],
    requests: 1,
  },
}
const all: AgentName[] = ['claude', 'codex', 'opencode', 'qwen', 'aider']
const tested = process.env.SOAK === '1' ? all : all.slice(0, 2)

const wrong = 'module.exports = (a, b) => a - b\n'
const right = 'module.exports = (a, b) => a + b\n'
const scratch = {
  'sum.js': wrong,
  'test.js': `const sum = require('./sum.js')

if (sum(2, 2) === 4) console.log('All tests passed.')
else {
  console.log(\`1 test failed: sum(2, 2) is \${sum(2, 2)}, not 4\`)
  process.exitCode = 1
}
`,
}

/** Files of the user that an agent must neither use nor change. With these settings, none would reach the server. */
const userFiles = {
  '.claude.json': '{ "hasCompletedOnboarding": false, "theme": "light" }\n',
  '.claude/settings.json': '{ "env": { "ANTHROPIC_BASE_URL": "http://192.0.2.7" } }\n',
  '.codex/config.toml': 'model = "other"\nmodel_provider = "nowhere"\n',
  '.config/opencode/opencode.json': '{ "model": "other/other" }\n',
  '.qwen/settings.json': '{ "model": { "name": "other" } }\n',
  '.aider.conf.yml': 'model: other/other\n',
}

const folder = useFolder()
const project = makeProject(join(folder.path, 'project'), [])
cpSync(join(import.meta.dirname, 'model'), join(project, 'models/agent'), { recursive: true })
writeFileSync(join(project, 'mlx.config.json'), '{ "model": "agent" }\n')

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

const readAll = (root: string, files: object) =>
  Object.fromEntries(Object.keys(files).map((path) => [path, readFileSync(join(root, path), 'utf8')]))

describe.runIf(process.platform === 'linux')('agents', needs('git', 'ip', 'unshare', 'nsenter'), () => {
  let network: Namespace
  const paths = new Map<AgentName, string>()

  beforeAll(async () => {
    network = await createNamespace()
    for (const name of tested)
      paths.set(name, [...(await agentFolders(name)), process.env.PATH ?? ''].join(':'))
  }, 600_000)
  afterAll(() => network?.[Symbol.asyncDispose]())

  test.for(tested)('%s turns a red test green', { timeout: 600_000 }, async (name) => {
    const home = join(folder.path, name, 'home')
    const repository = join(folder.path, name, 'repository')
    write(home, userFiles)
    write(repository, scratch)
    const env: NodeJS.ProcessEnv = {
      ...gitIdentity,
      HOME: home,
      PATH: paths.get(name),
      LANG: 'C.UTF-8',
      // Claude Code refuses to run as root without it.
      IS_SANDBOX: '1',
      MLX_PROJECT: project,
      MLX_DEVICE: 'cpu',
      PORT: '0',
      // The log shows the requests.
      LOG_LEVEL: 'info',
    }
    const run = (...command: string[]) => network.run(command, { cwd: repository, env })
    for (const words of [
      ['init', '--quiet'],
      ['add', '.'],
      ['commit', '--quiet', '--message', 'Add sum'],
    ])
      expect(await run('git', ...words)).toMatchObject({ exitCode: 0 })
    expect(await run('node', 'test.js')).toMatchObject({
      exitCode: 1,
      stdout: '1 test failed: sum(2, 2) is 0, not 4',
    })

    const { withoutRoute } = network.traffic()
    const { words, requests } = tasks[name]
    const { exitCode, all: output } = await run(
      process.execPath,
      ...serverProgram,
      'agent',
      name,
      '--',
      ...words,
    )

    expect(exitCode, output).toBe(0)
    expect(await run('node', 'test.js'), output).toMatchObject({ exitCode: 0, stdout: 'All tests passed.' })
    expect(readAll(repository, scratch)).toEqual({ ...scratch, 'sum.js': right })
    expect((await run('git', 'status', '--porcelain', '--ignored')).stdout).toBe(' M sum.js')
    expect(readAll(home, userFiles)).toEqual(userFiles)
    const posted = output.match(/^.*"method":"POST".*"status":200.*$/gm) ?? []
    expect(posted.length, output).toBeGreaterThanOrEqual(requests)
    // opencode looks up one name, whatever it is told.
    const most = name === 'opencode' ? 2 : 0
    expect(network.traffic().withoutRoute - withoutRoute, output).toBeLessThanOrEqual(most)
  })
})
