/** Installs the tool from its tarball, as users do. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, inject } from 'vitest'

/** Installs the packed tool in a subfolder. @returns the path of its bin. */
export async function installTool(folder: string): Promise<string> {
  const home = join(folder, 'tool')
  mkdirSync(home)
  await execa('npm', ['install', '--prefix', home, inject('tarball')], { cwd: home })
  expect(readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    'create-mlx-app',
  ])
  return join(home, 'node_modules', '.bin', 'create-mlx-app')
}
