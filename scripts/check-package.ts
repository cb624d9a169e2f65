/**
 * Packs the tool as it is published and looks at what is inside: exactly the bundle and its papers, nothing to install
 * or run with it, nothing of this machine, no complaint of publint, no more bytes than the bar of the benches. Prints
 * where the bytes are.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { execa } from 'execa'
import { lazy } from './bundle.ts'
import { indexOf, problemsOf } from './publish/checks.ts'
import { packPackage } from './publish/package.ts'

/** Bytes of the tarball, the hello model included: the bar of bench/RESULTS.md. */
const mostBytes = 600_000
/** Bytes of its files: what it takes on the disk of who runs it. */
const mostUnpackedBytes = 750_000

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-check-'))
try {
  const { tarball, size, unpackedSize } = await packPackage(folder)
  const unpacked = join(folder, 'unpacked')
  mkdirSync(unpacked)
  await execa('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'])
  const problems = await problemsOf(unpacked)
  if (size > mostBytes) problems.push(`${size} bytes are more than ${mostBytes}`)
  if (unpackedSize > mostUnpackedBytes)
    problems.push(`${unpackedSize} bytes unpacked are more than ${mostUnpackedBytes}`)
  printTable(unpacked)
  console.log(`${size} bytes packed, of ${mostBytes}; ${unpackedSize} unpacked, of ${mostUnpackedBytes}`)
  for (const problem of problems) console.error(`✗ ${problem}`)
  if (problems.length > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Bytes of each part, as they are in the tarball and as they are used. */
function printTable(unpacked: string): void {
  const files = ['dist/index.js', ...lazy.map((name) => `dist/chunks/${basename(name)}.js`), 'README.md']
  const rows = files.map((path) => {
    const bytes = readFileSync(join(unpacked, path))
    return { part: path, packed: gzipSync(bytes, { level: 9 }).length, unpacked: bytes.length }
  })
  let before = 0
  for (const { name, end, size } of indexOf(readFileSync(join(unpacked, 'dist', 'layers.bin'))).layers) {
    rows.push({ part: `layer ${name}`, packed: end - before, unpacked: size })
    before = end
  }
  for (const { part, packed, unpacked: whole } of rows.sort((one, other) => other.packed - one.packed))
    console.log(`${String(packed).padStart(8)} ${String(whole).padStart(9)}  ${part}`)
}
