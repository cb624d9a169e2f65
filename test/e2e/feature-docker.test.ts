/** What `--with docker` brings, as far as it can be tried where no image can be had. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { settingRows } from '../../packages/server/src/settings.ts'
import { ensureEnvironment, obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'
import { packageManagers } from '../../src/choices.ts'
import { lockFiles } from '../../src/package-manager.ts'
import { writeComposed } from '../support/composed.ts'
import { hadolint, type Stage, stagesOf } from '../support/dockerfile.ts'
import { basePython } from '../support/setup-project.ts'

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-docker-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const project = join(folder, 'npm')
const read = (path: string) => readFileSync(join(project, path), 'utf8')
let files: Map<string, Uint8Array>
let stages: Stage[]

beforeAll(async () => {
  files = await writeComposed(project, { template: 'server', features: ['docker'] })
  stages = stagesOf(read('Dockerfile'))
})

const composeSchema = z.object({
  services: z.object({
    server: z.object({
      build: z.union([z.string(), z.object({ args: z.record(z.string(), z.string()) })]),
      environment: z.record(z.string(), z.string()).optional(),
      ports: z.array(z.string()).optional(),
      volumes: z.array(z.string()).optional(),
      stop_grace_period: z.string().optional(),
    }),
  }),
})

/** A compose file, read by the YAML of the Python half. */
async function compose(path: string) {
  const program = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'
  const { stdout } = await execa(await ensureEnvironment(), ['-c', program], { input: read(path) })
  return composeSchema.parse(JSON.parse(stdout)).services.server
}

/** Whether .dockerignore keeps a path out of the build, by the last of its lines that matches. */
function isIgnored(path: string): boolean {
  let ignored = false
  for (const line of read('.dockerignore').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const pattern = line.replace(/^!/, '')
    const source = pattern
      .replaceAll('.', '\\.')
      .replace(/^\*\*\//, '(?:.*/)?')
      .replaceAll(/(?<!\.)\*/g, '[^/]*')
    if (new RegExp(`^${source}(/|$)`).test(path)) ignored = !line.startsWith('!')
  }
  return ignored
}

describe('the Dockerfile', () => {
  it.each(packageManagers.map(({ value }) => value))('passes hadolint with %s', async (packageManager) => {
    const place = join(folder, `lint-${packageManager}`)
    mkdirSync(place)
    await writeComposed(place, { template: 'server', features: ['docker'], packageManager })
    // DL3060: what Yarn leaves in a cache stays in a stage that is thrown away.
    const lint = ['--no-color', '--failure-threshold', 'style', '--ignore', 'DL3060']
    const flags = [
      'tool',
      'run',
      '--exclude-newer',
      dateText(lockDate()),
      '--from',
      hadolint,
      'hadolint',
      ...lint,
    ]
    const { exitCode, all } = await execa(await obtainUv(), [...flags, 'Dockerfile'], {
      cwd: place,
      all: true,
      reject: false,
    })
    expect(exitCode, all).toBe(0)
    const [, node] = stagesOf(readFileSync(join(place, 'Dockerfile'), 'utf8'))
    expect(node?.copied[0]?.from).toEqual(['package.json', ...lockFiles(packageManager)])
  })

  it('copies only files that exist and that .dockerignore includes', () => {
    const [installed] = lockFiles('npm')
    for (const { from } of stages.flatMap((stage) => stage.copied)) {
      for (const path of from) {
        if (path === '.' || path === installed) continue
        const there = [...files.keys()].filter((file) => file === path || file.startsWith(`${path}/`))
        expect(there, path).not.toEqual([])
        expect(there.filter(isIgnored), path).toEqual([])
      }
    }
    for (const path of files.keys())
      if (!path.startsWith('.github/')) expect(isIgnored(path), path).toBe(false)
  })

  it('excludes what an image must not contain', () => {
    for (const path of [
      '.env',
      '.git/config',
      '.mlx/keys.json',
      'node_modules/hono/package.json',
      'dist/main.js',
      '.mlx/venv/bin/python',
      'python/.venv/bin/python',
      'models/other/model.safetensors',
    ]) {
      expect(isIgnored(path), path).toBe(true)
    }
  })

  it('sets only variables that the server knows', () => {
    const known = [...settingRows.map(({ variable }) => variable), 'NODE_ENV', 'HF_HOME']
    const set = stages.at(-1)?.environment ?? {}
    expect(set).toMatchObject({ HOST: '0.0.0.0', KEYS_FILE: '/data/keys.json' })
    for (const name of Object.keys(set)) expect(known).toContain(name)
  })

  it('runs as an unprivileged user, with a health check', () => {
    const last = stages.at(-1)?.instructions ?? []
    expect(last.find(({ name }) => name === 'USER')?.rest).toBe('10001')
    expect(last.find(({ name }) => name === 'HEALTHCHECK')?.rest).toContain('/health')
    expect(last.at(-1)).toEqual({ name: 'CMD', rest: '["node", "dist/main.js"]' })
  })

  describe('its commands', () => {
    /** Stands in for `/app` in the stages for packages and for Python. */
    const place = join(folder, 'image of the project')
    /** A Python of its own, as the image has one. */
    const lent = join(folder, 'lent')

    /** Runs the commands of a stage, with what it copies from the project. */
    async function build(name: string, settings: NodeJS.ProcessEnv = {}) {
      const { copied = [], run = [], environment = {} } = stages.find((stage) => stage.name === name) ?? {}
      for (const { from, to } of copied) {
        for (const path of from) {
          const target = join(place, to.endsWith('/') || from.length > 1 || to === '.' ? path : to)
          cpSync(join(project, path), target, { recursive: true })
        }
      }
      const { UV_CACHE_DIR: _, ...variables } = environment
      const env = {
        PATH: [join(lent, 'bin'), process.env.PATH].join(delimiter),
        ...variables,
        SETUP_FLAG: '',
        ...settings,
      }
      let printed = ''
      let exitCode: number | undefined = 0
      for (const command of run) {
        const ran = await execa('sh', ['-c', command], { cwd: place, env, all: true, reject: false })
        printed += `${command}\n${ran.all}\n`
        exitCode = ran.exitCode
        if (exitCode !== 0) break
      }
      return { printed, exitCode }
    }

    beforeAll(async () => {
      mkdirSync(place)
      const makeVenv = 'import sys, venv; venv.create(sys.argv[1], with_pip=True)'
      await execa(await basePython(), ['-c', makeVenv, lent])
      await execa('npm', ['install', '--package-lock-only'], { cwd: project })
      const { exitCode, printed } = await build('packages')
      expect(exitCode, printed).toBe(0)
    })

    it('install packages without development dependencies', () => {
      expect(existsSync(join(place, 'node_modules', '.bin', 'mlx-app-server'))).toBe(true)
      expect(existsSync(join(place, 'node_modules', 'vitest'))).toBe(false)
    })

    it('set up Python from the lock, without uv', async () => {
      const { exitCode, printed } = await build('python')
      expect(exitCode, printed).toBe(0)
      expect(printed).toContain('Packages from requirements.lock\n')
      const sum =
        'import mlx.core as mx, mlx_lm; mx.set_default_device(mx.cpu); print(mx.arange(5).sum().item())'
      const python = join(place, '.mlx', 'venv', 'bin', 'python')
      expect((await execa(python, ['-c', sum])).stdout).toBe('10')
      const base = ['-c', 'import sys; print(sys.base_prefix, sys.version)']
      const [itsOwn, lentOne] = [await execa(python, base), await execa(join(lent, 'bin', 'python'), base)]
      expect(itsOwn.stdout).toBe(lentOne.stdout)
      expect(existsSync(join(place, '.mlx', 'uv'))).toBe(false)
    })

    // NVIDIA's libraries are gigabytes: of those it is enough that they can be had.
    it('set up Python for CUDA with the flag from compose.cuda.yaml', async () => {
      const programs = join(folder, 'programs')
      mkdirSync(programs)
      const log = join(folder, 'log of uv')
      const words = `for word; do shift; case "$word" in --quiet) ;; install) set -- "$@" install --dry-run ;; *) set -- "$@" "$word" ;; esac; done`
      const text = `#!/bin/sh\n${words}\nexec '${await obtainUv()}' "$@" 2>> '${log}'\n`
      writeFileSync(join(programs, 'uv'), text, { mode: 0o755 })
      const flags = (await compose('compose.cuda.yaml')).build
      const PATH = [programs, join(lent, 'bin'), process.env.PATH].join(delimiter)
      const { printed } = await build('python', { ...(typeof flags === 'object' ? flags.args : {}), PATH })
      expect(readFileSync(log, 'utf8'), printed).toMatch(/Would install \d+ packages\n.* mlx-cuda-12==/s)
    })
  })
})

describe('the compose files', () => {
  it('publish the port to this machine only, keep a volume, and set variables that the server knows', async () => {
    const server = await compose('compose.yaml')
    expect(server).toMatchObject({ build: '.', ports: ['127.0.0.1:8000:8000'], volumes: ['data:/data'] })
    const variables = settingRows.map(({ variable }) => variable)
    for (const name of Object.keys(server.environment ?? {})) expect(variables).toContain(name)
  })

  it('wait longer than running answers may take', async () => {
    const { stop_grace_period: period = '', environment } = await compose('compose.yaml')
    expect(Number.parseInt(period, 10) * 1000).toBeGreaterThan(Number(environment?.GRACE_MS))
  })

  it('build for CUDA if there is a GPU', async () => {
    const { build } = await compose('compose.cuda.yaml')
    expect(build).toEqual({ args: { SETUP_FLAG: '--cuda' } })
    expect(read('Dockerfile')).toContain('ARG SETUP_FLAG=')
  })
})
