/** Checks what the binaries of the output are built for. */
import { EngineError } from '../../../engine/index.ts'
import { isOlderVersion } from '../../machine/versions.ts'
import type { FileEntry } from '../files.ts'
import { describeTarget, type VendorTarget } from '../plan/target.ts'
import { type BinarySlice, readBinary } from './mach-o.ts'

/** A binary in a folder. */
export interface Binary extends FileEntry {
  slices: BinarySlice[]
}

/** Files that are no binaries, which need not be opened. */
const textFile = /\.(py|pyc|json|md|txt|typed|jinja|metallib)$/

/** Returns the Mach-O and ELF files among files. Links are left out. */
export async function findBinaries(files: readonly FileEntry[]): Promise<Binary[]> {
  const binaries: Binary[] = []
  for (const file of files) {
    if (file.isLink || textFile.test(file.name)) continue
    const slices = await readBinary(file.path)
    if (slices.length > 0) binaries.push({ ...file, slices })
  }
  return binaries
}

/**
 * Checks that each binary has code for the target's processor, and loads on the oldest macOS that the app supports.
 *
 * @throws EngineError UNSUPPORTED, which names each binary that does not.
 */
export function requireBinariesFor(binaries: readonly Binary[], target: VendorTarget): void {
  const problems = binaries.flatMap(({ name, slices }) => {
    const problem = problemOf(slices, target)
    return problem === undefined ? [] : [`${name} ${problem}`]
  })
  if (problems.length === 0) return
  throw new EngineError(
    'UNSUPPORTED',
    `Some binaries are not for ${describeTarget(target)}:\n${problems.map((line) => `  ${line}`).join('\n')}`,
    {
      hint: 'For a newer macOS, set --min-macos (MACOSX_DEPLOYMENT_TARGET), also in the settings of the app.',
    },
  )
}

function problemOf(
  slices: readonly BinarySlice[],
  { system, machine, oldest }: VendorTarget,
): string | undefined {
  const format = system === 'darwin' ? 'mach-o' : 'elf'
  const slice = slices.find((each) => each.format === format && each.machine === machine)
  if (slice === undefined) {
    return `is for ${slices.map((each) => `${each.format} ${each.machine}`).join(', ')}`
  }
  if (system !== 'darwin') return undefined
  if (slice.minMacos === undefined) return 'does not say which macOS it needs'
  return isOlderVersion(oldest, slice.minMacos) ? `needs macOS ${slice.minMacos}` : undefined
}

/**
 * Checks that MLX's library of Metal kernels is there, which is not a binary that anything links to.
 *
 * @throws EngineError INTERNAL
 */
export function requireMetalLibrary(files: readonly FileEntry[], { system }: VendorTarget): void {
  if (system !== 'darwin' || files.some(({ name }) => /^mlx\/.*\.metallib$/.test(name))) return
  throw new EngineError('INTERNAL', 'MLX has no Metal library (mlx.metallib) in the installed packages.')
}
