import { execFileSync } from 'node:child_process'
import * as nodeFileSystem from 'node:fs'
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CreateError, InterruptedError } from '../../src/errors.ts'
import { type WriteOptions, writeProject } from '../../src/steps/write.ts'
import type { FileSystem } from '../../src/steps/write-files.ts'
import { readTree, temporaryFolder, writeTree } from '../support/folders.ts'

const files = new Map(
  [
    'package.json',
    'README.md',
    'src/main.ts',
    'src/engine/engine.ts',
    'src/engine/worker.ts',
    'test/a.test.ts',
  ].map((path) => [path, Buffer.from(`new ${path}`)] as const),
)
const projectTree = {
  'package.json': 'new package.json',
  'README.md': 'new README.md',
  'src/': '',
  'src/main.ts': 'new src/main.ts',
  'src/engine/': '',
  'src/engine/engine.ts': 'new src/engine/engine.ts',
  'src/engine/worker.ts': 'new src/engine/worker.ts',
  'test/': '',
  'test/a.test.ts': 'new test/a.test.ts',
}

const write = (target: string, options: Partial<WriteOptions> = {}) =>
  writeProject(target, files, { force: false, signal: new AbortController().signal, ...options })

/** What a refused write says. */
async function failure(writing: Promise<unknown>): Promise<CreateError> {
  const error: unknown = await writing.then(
    () => new Error('It was written'),
    (reason: unknown) => reason,
  )
  if (error instanceof CreateError) return error
  throw error
}

/** A file system whose n-th call that changes something does what `act` does. */
function interferingAt(
  n: number,
  act: (call: string) => void,
): { fileSystem: FileSystem; calls: () => number } {
  let calls = 0
  const count = (call: string): void => {
    calls++
    if (calls === n) act(call)
  }
  const fileSystem: FileSystem = { ...nodeFileSystem }
  const mkdirSync: typeof nodeFileSystem.mkdirSync = (...parameters) => {
    count('mkdir')
    return Reflect.apply(nodeFileSystem.mkdirSync, undefined, parameters)
  }
  fileSystem.mkdirSync = mkdirSync
  fileSystem.renameSync = (...parameters) => {
    count('rename')
    nodeFileSystem.renameSync(...parameters)
  }
  fileSystem.writeFileSync = (...parameters) => {
    count('write')
    nodeFileSystem.writeFileSync(...parameters)
  }
  return { fileSystem, calls: () => calls }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code })
}

describe('writing a new folder', () => {
  it('makes it with the folders above it, readable as any other', async () => {
    const folder = temporaryFolder()
    const target = join(folder, 'deep', 'my app')
    expect(await write(target)).toEqual({ overwritten: [] })
    expect(readTree(target)).toEqual(projectTree)
    expect(statSync(target).mode & 0o777).toBe(0o777 & ~process.umask())
    expect(readdirSync(join(folder, 'deep'))).toEqual(['my app'])
  })

  it('leaves nothing behind, whichever operation fails', async () => {
    const probe = interferingAt(-1, () => {})
    await write(join(temporaryFolder(), 'a', 'b'), { fileSystem: probe.fileSystem })
    expect(probe.calls()).toBeGreaterThan(files.size)
    for (let n = 1; n <= probe.calls(); n++) {
      const folder = temporaryFolder()
      const { fileSystem } = interferingAt(n, () => {
        throw systemError('ENOSPC')
      })
      const error = await failure(write(join(folder, 'a', 'b'), { fileSystem }))
      expect(error.message).toContain('no space left on the disk (ENOSPC)')
      expect(readTree(folder)).toEqual({})
    }
  })

  it('leaves nothing behind when it is interrupted', async () => {
    for (let n = 1; n <= files.size; n++) {
      const folder = temporaryFolder()
      const controller = new AbortController()
      const { fileSystem } = interferingAt(n, () => controller.abort(new InterruptedError()))
      const error = await failure(write(join(folder, 'x'), { fileSystem, signal: controller.signal }))
      expect(error.exitCode).toBe(130)
      expect(readTree(folder)).toEqual({})
    }
  })

  it('does not touch a folder that something else made meanwhile', async () => {
    const target = join(temporaryFolder(), 'x')
    const { fileSystem } = interferingAt(4, () => writeTree(target, { mine: 'mine' }))
    const error = await failure(write(target, { fileSystem }))
    expect(error.message).toContain('Something else made this folder')
    expect(readTree(join(target, '..'))).toEqual({ 'x/': '', 'x/mine': 'mine' })
  })

  it('says so when a file is in the way of the folder above', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { file: 'mine' })
    const error = await failure(write(join(folder, 'file', 'x')))
    expect(error.exitCode).toBe(1)
    expect(error.message).toContain(join(folder, 'file', 'x'))
    expect(readTree(folder)).toEqual({ file: 'mine' })
  })
})

describe('writing into a folder that is there', () => {
  it('fills an empty one, and one with only .git in it', async () => {
    for (const present of [{}, { '.git/HEAD': 'ref' }]) {
      const folder = temporaryFolder()
      writeTree(folder, present)
      await write(folder)
      expect(readTree(folder)).toEqual({
        ...projectTree,
        ...('.git/HEAD' in present ? { '.git/': '', '.git/HEAD': 'ref' } : {}),
      })
    }
  })

  const mine = {
    'README.md': 'mine',
    'src/other.ts': 'mine',
    'src/main.ts': 'mine',
    'test/a.test.ts': 'new test/a.test.ts',
  }

  it('overwrites with force only files of the same name, and says which', async () => {
    const folder = temporaryFolder()
    writeTree(folder, mine)
    expect(await write(folder, { force: true })).toEqual({ overwritten: ['README.md', 'src/main.ts'] })
    expect(readTree(folder)).toEqual({ ...projectTree, 'src/other.ts': 'mine' })
  })

  it('overwrites nothing without force', async () => {
    const folder = temporaryFolder()
    writeTree(folder, mine)
    const before = readTree(folder)
    const error = await failure(write(folder))
    expect(error.message).toContain('README.md, src/main.ts')
    expect(readTree(folder)).toEqual(before)
  })

  it('puts everything back, whichever operation fails', async () => {
    const probe = interferingAt(-1, () => {})
    const first = temporaryFolder()
    writeTree(first, mine)
    await write(first, { force: true, fileSystem: probe.fileSystem })
    for (let n = 1; n <= probe.calls(); n++) {
      const folder = temporaryFolder()
      writeTree(folder, mine)
      const before = readTree(folder)
      let failed = false
      const { fileSystem } = interferingAt(n, () => {
        failed = true
        throw systemError('EIO')
      })
      const error = await failure(write(folder, { force: true, fileSystem }))
      expect(failed).toBe(true)
      expect(error.message).toContain('Everything is as it was before')
      expect(readTree(folder)).toEqual(before)
    }
  })

  it('puts everything back when it is interrupted', async () => {
    const folder = temporaryFolder()
    writeTree(folder, mine)
    const before = readTree(folder)
    const controller = new AbortController()
    const { fileSystem } = interferingAt(5, () => controller.abort(new InterruptedError()))
    await failure(write(folder, { force: true, fileSystem, signal: controller.signal }))
    expect(readTree(folder)).toEqual(before)
  })

  it('says where the files are when even putting back fails', async () => {
    const folder = temporaryFolder()
    writeTree(folder, mine)
    let renames = 0
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      renameSync: (from, to) => {
        if (++renames > 2) throw systemError('EIO')
        nodeFileSystem.renameSync(from, to)
      },
    }
    const error = await failure(write(folder, { force: true, fileSystem }))
    expect(error.hints.join()).toContain('old')
    expect(Object.values(readTree(folder)).filter((text) => text === 'mine')).toHaveLength(3)
  })

  it.each([
    ['a file in the way of a folder', { src: 'mine' }, 'src is no folder'],
    ['a folder in the way of a file', { 'README.md/x': 'mine' }, 'README.md is a folder'],
  ])('refuses %s, even with force', async (_, present, message) => {
    const folder = temporaryFolder()
    writeTree(folder, present)
    const before = readTree(folder)
    expect((await failure(write(folder, { force: true }))).message).toContain(message)
    expect(readTree(folder)).toEqual(before)
  })

  it('does not write through links out of the folder', async () => {
    const outside = temporaryFolder()
    const folder = temporaryFolder()
    writeTree(outside, { 'README.md': 'outside' })
    symlinkSync(join(outside, 'README.md'), join(folder, 'README.md'))
    expect(await write(folder, { force: true })).toEqual({ overwritten: ['README.md'] })
    expect(readTree(outside)).toEqual({ 'README.md': 'outside' })

    const other = temporaryFolder()
    symlinkSync(outside, join(other, 'src'))
    expect((await failure(write(other, { force: true }))).message).toContain('src is no folder')
    expect(readTree(outside)).toEqual({ 'README.md': 'outside' })
  })
})

describe('a disk that does not take it', () => {
  const isRoot = process.getuid?.() === 0

  /** A disk of its own of so many bytes; undefined where this system does not let a test mount one. */
  function smallDisk(options: string): string | undefined {
    const folder = temporaryFolder()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      // Not root, or a container without the right to mount.
      return undefined
    }
    onTestFinished(() => {
      execFileSync('umount', ['-l', folder])
    })
    return folder
  }

  it('that is full: a message, and nothing left', async (context) => {
    const disk = smallDisk('size=64k')
    if (disk === undefined) return context.skip('no right to mount a small disk here')
    const large = new Map([...files, ['z/large.bin', Buffer.alloc(200_000)] as const])
    const signal = new AbortController().signal
    const error = await failure(writeProject(join(disk, 'x'), large, { force: false, signal }))
    expect(error.message).toContain('no space left on the disk (ENOSPC)')
    expect(readTree(disk)).toEqual({})
    writeFileSync(join(disk, 'README.md'), 'mine')
    await failure(writeProject(disk, large, { force: true, signal }))
    expect(readTree(disk)).toEqual({ 'README.md': 'mine' })
  })

  it('that is read-only, or a folder without the right to write: a message', async (context) => {
    if (isRoot) {
      const disk = smallDisk('ro')
      if (disk === undefined) return context.skip('no right to mount a disk here')
      expect((await failure(write(join(disk, 'x')))).message).toContain('(EROFS)')
    } else {
      const folder = temporaryFolder()
      mkdirSync(join(folder, 'closed'))
      chmodSync(join(folder, 'closed'), 0o555)
      expect((await failure(write(join(folder, 'closed', 'x')))).message).toContain('(EACCES)')
    }
  })
})
