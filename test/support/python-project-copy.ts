/** Copies of a Python project that tests change, and what they have installed and locked. */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { execa } from 'execa'
import { expect } from 'vitest'
import { z } from 'zod'

const packagesSchema = z.array(z.object({ name: z.string(), version: z.string() }))

/** A copy of a project, in a folder where recipes can have others next to it. */
export class ProjectCopy {
  /** The folder that has the project and its neighbours. */
  readonly place: string
  /** The folder of the project. */
  readonly root: string
  readonly #environment: NodeJS.ProcessEnv

  /** @param original the folder of the project. Copies are made next to it. */
  constructor(original: string, environment: NodeJS.ProcessEnv) {
    this.place = mkdtempSync(join(dirname(original), 'copy-'))
    this.root = join(this.place, basename(original))
    this.#environment = environment
    cpSync(original, this.root, { recursive: true })
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  /** Runs commands in the shell. @returns their exit code, and what they printed. */
  async attempt(commands: string, settings: NodeJS.ProcessEnv = {}): Promise<[number | undefined, string]> {
    const { exitCode, all } = await execa('sh', ['-ec', commands], {
      cwd: this.root,
      env: { ...this.#environment, ...settings },
      all: true,
      reject: false,
    })
    return [exitCode, all]
  }

  /** Runs commands in the shell that must succeed. @returns what they printed. */
  async run(commands: string, settings: NodeJS.ProcessEnv = {}): Promise<string> {
    const [exitCode, printed] = await this.attempt(commands, settings)
    expect(exitCode, `${commands}\n${printed}`).toBe(0)
    return printed
  }

  /** Returns the versions of the packages in the environment by name. */
  async installed(): Promise<Map<string, string>> {
    const list = await this.run('uv pip list --python .venv --format json --quiet')
    return new Map(packagesSchema.parse(JSON.parse(list)).map(({ name, version }) => [name, version]))
  }

  /** Creates the package my-helpers next to the project, in a git repository. */
  async addHelpers(): Promise<void> {
    const user = '-c user.name=Ada -c user.email=ada@example.org'
    await this.run('uv init --quiet --lib --no-workspace ../my-helpers')
    await this.run(
      `cd ../my-helpers && git init --quiet && git add --all && git ${user} commit --quiet --message Start`,
    )
  }
}

/** Returns the versions in a lock for pip by name. */
export function versionsIn(lock: string): Map<string, string> {
  const lines = lock.matchAll(/^([\w.-]+)==([^ ;\\]+)/gm)
  return new Map(Array.from(lines, ([, name = '', version = '']) => [name, version]))
}

/** Returns the versions in a uv.lock by name. */
export function versionsInUvLock(lock: string): Map<string, string> {
  const entries = lock.matchAll(/^name = "([^"]+)"\nversion = "([^"]+)"/gm)
  return new Map(Array.from(entries, ([, name = '', version = '']) => [name, version]))
}
