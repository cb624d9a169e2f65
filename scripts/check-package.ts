/**
 * Packs the tool as npm would publish it and looks at what is inside: only the bundle and its papers, nothing to
 * install at run time, no larger than it is known to be, and no complaint of publint.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { z } from 'zod'

/** Bytes of the tarball, the hello model included. */
// The bar of bench/RESULTS.md is 600 kB, which is missed since there is a server among the templates: not to grow unseen.
const mostBytes = 640_000
const allowed = [/^package\.json$/, /^README\.md$/, /^LICENSE$/, /^dist\//]

const root = fileURLToPath(new URL('../', import.meta.url))
const packedSchema = z.tuple([z.object({ size: z.number(), files: z.array(z.object({ path: z.string() })) })])
const manifestSchema = z.object({
  dependencies: z.object({}).optional(),
  bin: z.record(z.string(), z.string()),
})

const problems: string[] = []
const folder = await mkdtemp(join(tmpdir(), 'create-mlx-app-pack-'))
try {
  await execa('npm', ['run', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [packed] = packedSchema.parse(JSON.parse((await execa('npm', pack, { cwd: root })).stdout))
  const paths = packed.files.map(({ path }) => path)
  console.log(`${packed.size} bytes packed, ${paths.length} files`)
  if (packed.size > mostBytes) problems.push(`${packed.size} bytes are more than ${mostBytes}`)
  for (const path of paths) {
    if (!allowed.some((pattern) => pattern.test(path)))
      problems.push(`${path} does not belong in the package`)
  }
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
  const { bin, dependencies } = manifestSchema.parse(manifest)
  if (dependencies !== undefined) problems.push('the package has dependencies to install')
  for (const path of Object.values(bin)) if (!paths.includes(path)) problems.push(`${path} is missing`)
  const { messages } = await publint({ pkgDir: root, strict: true })
  problems.push(...messages.map((message) => formatMessage(message, manifest) ?? message.code))
} finally {
  await rm(folder, { recursive: true, force: true })
}
for (const problem of problems) console.error(`✗ ${problem}`)
if (problems.length > 0) process.exitCode = 1
