/**
 * Packs everything that is published, and the tool as a checkout packs it, and checks the result: the packages contain exactly
 * the expected files and nothing from this machine, publint, twine, check-wheel-contents and pyroma have no complaints, bins
 * start, and sizes are within their limits.
 * Prints the size of each part of the tool.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { lazy } from './bundle.ts'
import { type Expected, fileProblems, findLeaks, findProblems, readLayerIndex } from './publish/checks.ts'
import { sdistFiles, wheelFiles } from './publish/contents.ts'
import { expectedOfRelease, expectedOfVendoredTool } from './publish/expected.ts'
import { type PackedPackage, packPackage, packRelease } from './publish/package.ts'
import type { PythonPackage } from './publish/python.ts'
import { sdistProblems, wheelProblems } from './publish/python-checks.ts'
import { unpack, unpackAsInstalled, unpackWheel } from './publish/unpack.ts'

interface Bytes {
  packed: number
  unpacked: number
}

/**
 * The size limits of each tarball and of its files, in bytes. The limit of the released tool is a goal. The others are the
 * measured sizes (2026-11-30: 2,541, 1,148 and 530 kB packed) plus a tenth.
 */
const limits: Readonly<Record<string, Bytes>> = {
  'create-mlx-app': { packed: 200_000, unpacked: 671_000 },
  'create-mlx-app, from a checkout': { packed: 2_795_000, unpacked: 3_290_000 },
  'mlx-app': { packed: 1_263_000, unpacked: 2_864_000 },
  'mlx-app-server': { packed: 583_000, unpacked: 2_313_000 },
}

/** A placeholder for the name of the repository, which only the workflow knows. */
const repository = 'owner/create-mlx-app'

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-check-'))
const problems: string[] = []
try {
  const { npm: release, python } = await packRelease(join(folder, 'release'), repository)
  const vendored = await packPackage(join(folder, 'vendored'))
  const tarballs = new Map([...release].map(([name, { tarball }]) => [name, tarball]))
  const folders = await unpackAsInstalled(tarballs, join(folder, 'installed'))
  const expected = await expectedOfRelease()
  for (const [name, packed] of release) {
    const wanted = expected.get(name)
    if (wanted === undefined) throw new Error(`There is no list of files for ${name}`)
    await check(name, folders.get(name) ?? '', packed, wanted)
  }
  const unpacked = join(folder, 'unpacked')
  await unpack(vendored.tarball, unpacked)
  await check('create-mlx-app, from a checkout', unpacked, vendored, await expectedOfVendoredTool())
  await checkPython(python)
  printTable(folders.get('create-mlx-app') ?? '')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const problem of problems) console.error(`✗ ${problem}`)
if (problems.length > 0) process.exitCode = 1

async function check(
  name: string,
  unpacked: string,
  { size, unpackedSize }: PackedPackage,
  expected: Expected,
): Promise<void> {
  const found = await findProblems(unpacked, expected)
  const limit = limits[name]
  if (limit === undefined) throw new Error(`${name} has no size limit`)
  if (size > limit.packed) found.push(`${size} bytes are more than the limit of ${limit.packed}`)
  if (unpackedSize > limit.unpacked)
    found.push(`${unpackedSize} bytes unpacked are more than the limit of ${limit.unpacked}`)
  problems.push(...found.map((problem) => `${name}: ${problem}`))
  console.log(
    `${name}: ${size} of ${limit.packed} bytes packed, ${unpackedSize} of ${limit.unpacked} unpacked, ${expected.files.length} files`,
  )
}

/** Checks the wheel and the source distribution, which have the same modules. */
async function checkPython({ wheel, sdist }: PythonPackage): Promise<void> {
  const [installed, source] = [join(folder, 'wheel'), join(folder, 'sdist')]
  await unpackWheel(wheel, installed)
  await unpack(sdist, source)
  const [, version = ''] = /^mlx_app-(.+)-py3/.exec(basename(wheel)) ?? []
  for (const [path, unpacked, files, complaints] of [
    [wheel, installed, wheelFiles(version), await wheelProblems(wheel)],
    [sdist, source, sdistFiles(), await sdistProblems(sdist)],
  ] as const) {
    const found = [...fileProblems(unpacked, files), ...(await findLeaks(unpacked, '')), ...complaints]
    problems.push(...found.map((problem) => `${basename(path)}: ${problem}`))
    console.log(`${basename(path)}: ${statSync(path).size} bytes, ${files.length} files`)
  }
}

/** Prints the size of each part of the tool, packed and unpacked. */
function printTable(unpacked: string): void {
  const files = ['dist/index.js', ...lazy.map((name) => `dist/chunks/${basename(name)}.js`), 'README.md']
  const sizes = (part: string, bytes: Uint8Array) => ({
    part,
    packed: gzipSync(bytes, { level: 9 }).length,
    unpacked: bytes.length,
  })
  const rows = files.map((path) => sizes(path, readFileSync(join(unpacked, path))))
  const packedLayers = readFileSync(join(unpacked, 'dist', 'layers.bin'))
  let start = packedLayers.indexOf('\n') + 1
  for (const { name, size } of readLayerIndex(packedLayers).layers) {
    rows.push(sizes(`layer ${name}`, packedLayers.subarray(start, start + size)))
    start += size
  }
  for (const { part, packed, unpacked: whole } of rows.sort((one, other) => other.packed - one.packed))
    console.log(`${String(packed).padStart(8)} ${String(whole).padStart(9)}  ${part}`)
}
