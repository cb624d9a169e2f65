/** Writes what stands for the output of `mlx-app vendor`: its layout, with files that only have the right kind. */
import { chmodSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { writeTree } from '../folders.ts'
import { elfHeader, machO } from './distribution.ts'

/** Bytes that are neither text nor code. */
const data = Buffer.from('MTLB\0\x01\0\x80data')

/** Writes dist-ext-python into a project named `my-desk`. @param version what the output is stamped with. */
export function writeVendoredPython(project: string, system: 'darwin' | 'linux', version: string): void {
  const [program, library] = filesFor(system)
  const record = {
    darwin: { platform: 'darwin-arm64', oldestSystem: '14.2', version },
    linux: { platform: 'linux-x64', oldestSystem: '2.35', version },
  }[system]
  const folder = join(project, 'dist-ext-python')
  rmSync(folder, { recursive: true, force: true })
  writeStandInInterpreter(folder, system)
  writeTree(folder, {
    'my-desk/my-desk': '#!/bin/sh\n',
    'my-desk/vendor.json': JSON.stringify(record),
    'my-desk/VERSION': `${version}\n`,
    'my-desk/README.md': `# Python for my-desk ${version}\n`,
    'my-desk/_vendor/mlx/core.cpython-312.so': library,
    'my-desk/_vendor/mlx/lib/libmlx.dylib': library,
    'my-desk/_vendor/mlx/lib/mlx.metallib': data,
    // Names that electron-builder leaves out of apps, elsewhere.
    'my-desk/_vendor/mlx/lib/libstatic.a': data,
    'my-desk/_vendor/numpy/.gitignore': '*\n',
    'my-desk/_vendor/numpy/node_modules/index.js': '0\n',
    'my-desk/_vendor/tool': program,
  })
  chmodSync(join(folder, 'my-desk', 'my-desk'), 0o755)
}

/** Writes the folder `python` with files like those of an interpreter. */
export function writeStandInInterpreter(folder: string, system: 'darwin' | 'linux'): void {
  const [program, library] = filesFor(system)
  writeTree(folder, {
    'python/bin/python3.12': program,
    'python/lib/libpython3.12.dylib': library,
    'python/lib/python3.12/os.py': 'name = "posix"\n',
    'python/lib/python3.12/lib-dynload/_json.cpython-312.so': library,
    'python/lib/python3.12/__pycache__/os.cpython-312.pyc': data,
  })
  chmodSync(join(folder, 'python', 'bin', 'python3.12'), 0o755)
  symlinkSync('python3.12', join(folder, 'python', 'bin', 'python3'))
}

/** Returns a program and a library. */
const filesFor = (system: 'darwin' | 'linux') =>
  system === 'darwin' ? ([machO(2), machO()] as const) : ([elfHeader, elfHeader] as const)
