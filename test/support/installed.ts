/** The tool as users get it: packed by npm, and installed from its tarball. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect } from 'vitest'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Packs the tool and installs it below a folder. @returns its bin. */
export async function installedTool(folder: string): Promise<string> {
  await execa('npm', ['pack', '--pack-destination', folder], { cwd: repository })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  const home = join(folder, 'tool')
  mkdirSync(home)
  await execa('npm', ['install', '--prefix', home, join(folder, tarball)], { cwd: home })
  expect(readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    'create-mlx-app',
  ])
  return join(home, 'node_modules', '.bin', 'create-mlx-app')
}
