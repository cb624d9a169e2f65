/** What the built tool does where it can't write: it says why, exits with 1, and everything is as it was before. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { describe, expect, it, type TestContext } from 'vitest'
import { caseInsensitiveFolder, diskInMemory, folderWithQuota } from '../support/disks.ts'
import { readTree, temporaryFolder, writeTree } from '../support/folders.ts'
import {
  builtTool,
  type Ended,
  giveToOrdinaryUser,
  ordinaryUser,
  plainEnvironment,
  runTool,
} from '../support/tool.ts'

const bin = await builtTool()
const quick = ['--yes', '--model', 'hello', '--no-install', '--no-git']

/** Runs the tool, which must refuse, and checks that it left everything as it was. @returns what it said. */
async function refused(
  folder: string,
  flags: readonly string[],
  run: typeof runTool = runTool,
): Promise<string> {
  const before = readTree(folder)
  const { exitCode, stdout, stderr } = await run(bin, [...flags, ...quick], { cwd: folder })
  expect(stderr).not.toMatch(/^ {4}at |bug in create-mlx-app/m)
  expect(stdout).not.toContain('Created')
  expect({ exitCode, tree: readTree(folder) }).toEqual({ exitCode: 1, tree: before })
  return stderr.replace(/^Node .* Consider Node 24\.\n/, '')
}

describe('an obstacle at the target', () => {
  it('is named if it is a file at the folder or above it', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { file: 'mine' })
    for (const flags of [['file'], ['file', '--force']]) {
      expect(await refused(folder, flags)).toBe(
        `A file with this name already exists: ${join(folder, 'file')}\nChoose another name for the folder.`,
      )
    }
    const below = join(folder, 'file', 'a', 'b')
    expect(await refused(folder, ['file/a/b'])).toBe(
      `Part of this path is a file: ${below}\nChoose another name for the folder.`,
    )
  })

  it('is named if it is a link that leads nowhere or in a circle', async () => {
    const folder = temporaryFolder()
    symlinkSync('nowhere', join(folder, 'broken'))
    symlinkSync('circle', join(folder, 'circle'))
    expect(await refused(folder, ['broken', '--force'])).toBe(
      `A broken symbolic link with this name already exists: ${join(folder, 'broken')}\nChoose another name for the folder.`,
    )
    expect(await refused(folder, ['circle'])).toContain('its symbolic links form a loop (ELOOP)')
    expect(await refused(folder, ['broken/below'])).toContain('(EEXIST)')
  })

  it('is listed, up to ten names, if the folder is not empty', async () => {
    const folder = temporaryFolder()
    writeTree(folder, Object.fromEntries(Array.from('abcdefghijkl', (name) => [`x/${name}.txt`, 'mine'])))
    writeTree(folder, { 'x/.git/HEAD': 'mine' })
    const names = Array.from('abcdefghij', (name) => `  ${name}.txt\n`).join('')
    expect(await refused(folder, ['x'])).toBe(
      `The folder is not empty: ${join(folder, 'x')}\n${names}  and 2 more\n` +
        'Choose another folder, or add --force. It overwrites only files with the same names, and lists them.',
    )
  })

  it('is kept even with --force if a file would replace a folder, or a folder a file', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'package.json/mine': 'mine', src: 'mine', '.git/HEAD': 'mine' })
    expect(await refused(folder, ['.', '--force'])).toContain(
      `Can't create the project in ${folder}: package.json is a folder, src is not a folder.`,
    )
  })
})

describe('a name', () => {
  it('that is too long for the disk is refused, also in the middle of a path', async () => {
    const folder = temporaryFolder()
    for (const path of ['x'.repeat(256), `a/${'x'.repeat(256)}/b`]) {
      expect(await refused(folder, [path])).toContain('the name is too long (ENAMETOOLONG)')
    }
  })

  it('that is as long as the disk allows is accepted', async () => {
    const folder = temporaryFolder()
    const longest = '漢'.repeat(85)
    const { exitCode, stderr } = await runTool(bin, [longest, '--name', 'x', ...quick], { cwd: folder })
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(Object.keys(readTree(folder))).toContain(`${longest}/package.json`)
  })
})

describe('without permission', () => {
  /** As somebody whom permissions mean something to. */
  const run: typeof runTool = (program, flags, options) =>
    runTool(program, flags, { ...options, user: ordinaryUser() })
  const ownFolder = (tree: Record<string, string>): string => {
    const folder = temporaryFolder()
    writeTree(folder, tree)
    giveToOrdinaryUser(folder)
    return folder
  }

  it('to write to the parent folder: EACCES', async () => {
    const folder = ownFolder({ 'closed/mine': 'mine' })
    chmodSync(join(folder, 'closed'), 0o555)
    expect(await refused(folder, ['closed/x'], run)).toBe(
      `Could not write ${join(folder, 'closed', 'x')}: permission denied (EACCES). Nothing was changed.\n` +
        'Choose another folder, or fix the problem and run the same command again.',
    )
    expect(await refused(folder, ['closed/a/b/c'], run)).toContain('(EACCES)')
    expect(await refused(folder, ['closed', '--force'], run)).toContain('(EACCES)')
  })

  it('to read the folder: EACCES', async () => {
    const folder = ownFolder({ 'hidden/inner/mine': 'mine' })
    chmodSync(join(folder, 'hidden'), 0)
    const { exitCode, stderr } = await run(bin, ['hidden', ...quick], { cwd: folder })
    chmodSync(join(folder, 'hidden'), 0o700)
    expect(exitCode).toBe(1)
    expect(stderr).toContain(
      `Could not read the folder ${join(folder, 'hidden')}: permission denied (EACCES)`,
    )
  })

  it('to write to one of many folders: moves back what was already moved', async () => {
    const folder = ownFolder({ 'AGENTS.md': 'mine', 'tests/mine.txt': 'mine', '.git/HEAD': 'mine' })
    chmodSync(join(folder, 'tests'), 0o555)
    expect(await refused(folder, ['.', '--force'], run)).toContain(
      'permission denied (EACCES). Nothing was changed.',
    )
  })

  it('leaves the list of a monorepo as it was if the project can not be written', async () => {
    const folder = ownFolder({ 'package.json': '{ "workspaces": ["packages/*"] }', 'packages/lib/a': '' })
    chmodSync(join(folder, 'packages'), 0o555)
    expect(await refused(folder, ['packages/app', '--monorepo', 'standalone'], run)).toContain('(EACCES)')
    chmodSync(join(folder, 'packages'), 0o755)
  })
})

describe('a disk', () => {
  it('that is full: ENOSPC, for bytes or inodes, and --force loses nothing', async (context) => {
    for (const options of ['size=64k', 'size=200k', 'nr_inodes=40']) {
      const disk = diskInMemory(context, options)
      const sentence = (path: string) =>
        `Could not write ${join(disk, path)}: no space left on the disk (ENOSPC). Nothing was changed.\n` +
        'Choose another folder, or fix the problem and run the same command again.'
      expect(await refused(disk, ['x'])).toBe(sentence('x'))
      expect(await refused(disk, ['a/b/c'])).toBe(sentence('a/b/c'))
      writeTree(disk, { 'README.md': 'mine', 'src/main.ts': 'mine', '.git/HEAD': 'mine' })
      expect(await refused(disk, ['.', '--force'])).toContain('no space left on the disk (ENOSPC)')
    }
  })

  it('that is read-only: EROFS', async (context) => {
    const disk = diskInMemory(context, 'ro')
    expect(await refused(disk, ['x'])).toContain('the disk is read-only (EROFS). Nothing was changed.')
    expect(await refused(disk, ['.'])).toContain('the disk is read-only (EROFS)')
  })

  it("on which the user's quota is used up: EDQUOT", async (context) => {
    const folder = folderWithQuota(context, 300_000)
    writeTree(folder, { 'mine.txt': 'mine' })
    expect(await refused(folder, ['x'])).toContain('your disk quota is used up (EDQUOT)')
    expect(await refused(folder, ['.', '--force'])).toContain('your disk quota is used up (EDQUOT)')
  })
})

/** Runs the tool below a limit of the shell's. */
const limited =
  (limit: string): typeof runTool =>
  async (program, flags, options): Promise<Ended> => {
    const { exitCode, stdout, stderr } = await execa(
      'sh',
      ['-c', `ulimit ${limit}; exec "$@"`, 'sh', process.execPath, program, ...flags],
      {
        cwd: options.cwd,
        env: options.env ?? plainEnvironment(),
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      },
    )
    return { exitCode, stdout, stderr }
  }

describe('a process limit', () => {
  it('on file size: EFBIG', async () => {
    const run = limited('-f 64')
    expect(await refused(temporaryFolder(), ['x'], run)).toContain('a file is larger than the limit (EFBIG)')
  })
})

describe('a process that cannot open more files', () => {
  it('fails with EMFILE', async () => {
    const folder = temporaryFolder()
    const module = join(temporaryFolder('greedy'), 'greedy.mjs')
    // Once the tool has begun to write, it takes all that is left.
    writeFileSync(
      module,
      `import fs from 'node:fs'
const { mkdirSync, openSync } = fs
fs.mkdirSync = (...parameters) => {
  const result = mkdirSync(...parameters)
  try {
    for (;;) openSync('/dev/null')
  } catch {}
  return result
}
`,
    )
    const run: typeof runTool = (program, flags, options) =>
      limited('-n 128')(program, flags, {
        ...options,
        env: plainEnvironment({ NODE_OPTIONS: `--import=${pathToFileURL(module)}` }),
      })
    expect(await refused(folder, ['x'], run)).toContain(
      'this process has too many open files (EMFILE). Nothing was',
    )
  })
})

describe('a case-insensitive file system', () => {
  /** What the folder holds, by the names as they are spelled there. */
  const names = (folder: string): string[] => Object.keys(readTree(folder))
  const place = (context: TestContext, tree: Record<string, string>): string => {
    const folder = join(caseInsensitiveFolder(context), 'my-app')
    mkdirSync(folder)
    writeTree(folder, tree)
    return folder
  }

  it("--force replaces the user's file in another case, and reports it under its old name", async (context) => {
    const folder = place(context, { 'readme.md': 'mine', 'SRC/Main.TS': 'mine', 'SRC/other.ts': 'mine' })
    const { exitCode, stdout } = await runTool(bin, ['.', '--force', ...quick], { cwd: folder })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Overwrote: readme.md, src/Main.TS\n')
    expect(names(folder)).toContain('README.md')
    expect(names(folder)).not.toContain('readme.md')
    expect(readTree(folder)['SRC/other.ts']).toBe('mine')
  })

  it('a name in another case is the same folder', async (context) => {
    const folder = place(context, { 'mine.txt': 'mine' })
    expect(await refused(join(folder, '..'), ['MY-APP', '--name', 'x'])).toContain('  mine.txt\n')
  })

  it('a conflicting name keeps its spelling', async (context) => {
    const folder = place(context, { 'readme.md': 'mine', Tests: 'mine' })
    expect(await refused(folder, ['.', '--force'])).toContain('tests is not a folder')
    expect(names(folder).sort()).toEqual(['Tests', 'readme.md'])
  })
})
