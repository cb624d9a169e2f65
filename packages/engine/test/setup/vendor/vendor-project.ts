/** A project of an app, in which tests run `mlx-app vendor`. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { execa } from 'execa'
import { obtainUv } from '../../../../../scripts/environment.ts'
import { findInterpreter, findProject } from '../../../src/engine/project/index.ts'
import { parseVendorCommandLine } from '../../../src/setup/commands/vendor-flags.ts'
import { planVendor } from '../../../src/setup/vendor/plan/plan.ts'

const packageFolder = join(import.meta.dirname, '..', '..', '..')

export interface VendorRun {
  exitCode: number | undefined
  stdout: string
  stderr: string
}

export type VendorProject = Awaited<ReturnType<typeof vendorProject>>

/** Creates a project in a folder with a space and an accent. */
export async function vendorProject() {
  const parent = mkdtempSync(join(tmpdir(), 'mlx-app-vendor-'))
  const root = join(parent, 'mon été')
  mkdirSync(root)
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: '@me/my-desk', version: '2.0.1' }))
  writeFileSync(join(root, 'mlx.config.json'), JSON.stringify({ model: 'hello', device: 'cpu' }))
  // One Python, because the search for a version asks all of them. And no options of the machine that runs the tests.
  const programs = join(parent, 'bin')
  mkdirSync(programs)
  const { python } = findInterpreter(findProject(packageFolder))
  symlinkSync(realpathSync(python), join(programs, 'python3'))
  const PATH = [programs, dirname(await obtainUv()), '/usr/bin', '/bin'].join(delimiter)
  const { VERSION: _, MLX_PYTHON: __, ...others } = process.env
  const inherited = { ...others, PATH, MLX_PROJECT: root }
  const start = (words: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
    execa(process.execPath, ['--import', 'tsx', join('src', 'command-line.ts'), 'vendor', ...words], {
      cwd: packageFolder,
      env: { ...inherited, ...environment },
      extendEnv: false,
      reject: false,
    })
  return {
    root,
    /** The only Python on the PATH. */
    systemPython: join(programs, 'python3'),
    /** Starts `mlx-app vendor`. */
    start,
    /** Runs `mlx-app vendor`. */
    run: async (words: readonly string[], environment?: NodeJS.ProcessEnv): Promise<VendorRun> => {
      const { exitCode, stdout, stderr } = await start(words, environment)
      return { exitCode, stdout, stderr }
    },
    /** Returns what it would do. @throws UsageError, EngineError */
    plan: async (words: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
      const commandLine = parseVendorCommandLine(words, environment)
      if (commandLine === 'help') throw new Error('There is no plan for --help.')
      return await planVendor(findProject(root), commandLine.options, { ...inherited, ...environment })
    },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  }
}
