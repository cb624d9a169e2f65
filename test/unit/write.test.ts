import * as nodeFileSystem from 'node:fs'
import { readdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CreateError, InterruptedError } from '../../src/errors.ts'
import type { FileSystem } from '../../src/write/write-files.ts'
import { type WriteOptions, writeProject } from '../../src/write/write-project.ts'
import { caseInsensitiveFolder } from '../support/disks.ts'
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
  it('creates it and its parents, with normal permissions', async () => {
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

  it('removes the parents again if a name in the middle is too long', async () => {
    const folder = temporaryFolder()
    const error = await failure(write(join(folder, 'a', 'x'.repeat(300), 'b')))
    expect(error.message).toContain('the name is too long (ENAMETOOLONG). Nothing was changed.')
    expect(readTree(folder)).toEqual({})
  })

  it('names what is left if it cannot be removed', async () => {
    const folder = temporaryFolder()
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      renameSync: () => {
        throw systemError('ENOSPC')
      },
      rmSync: () => {
        throw systemError('EBUSY')
      },
    }
    const error = await failure(write(join(folder, 'x'), { fileSystem }))
    const [left = ''] = readdirSync(folder)
    expect(error.message).toBe(
      'Writing failed: no space left on the disk (ENOSPC). Cleaning up failed too: it is in use by another program (EBUSY).',
    )
    expect(error.hints).toEqual([`Remove what is left: ${join(folder, left)}`])
  })

  it('ignores the leftovers of a killed run', async () => {
    const folder = temporaryFolder()
    writeTree(folder, {
      [`.create-mlx-app.${process.pid}.making/x`]: 'old',
      [`.x.${process.pid}.making/x`]: 'old',
    })
    await write(join(folder, 'x'))
    expect(readTree(join(folder, 'x'))).toEqual(projectTree)
  })

  it('leaves a folder alone that another program creates in the meantime', async () => {
    const target = join(temporaryFolder(), 'x')
    const { fileSystem } = interferingAt(4, () => writeTree(target, { mine: 'mine' }))
    const error = await failure(write(target, { fileSystem }))
    expect(error.message).toContain('Another program has created this folder')
    expect(readTree(join(target, '..'))).toEqual({ 'x/': '', 'x/mine': 'mine' })
  })

  it('reports a file in place of a parent folder', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { file: 'mine' })
    const error = await failure(write(join(folder, 'file', 'x')))
    expect(error.exitCode).toBe(1)
    expect(error.message).toContain(join(folder, 'file', 'x'))
    expect(readTree(folder)).toEqual({ file: 'mine' })
  })
})

describe('writing into an existing folder', () => {
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

  it('with force, overwrites only files of the same name, and lists them', async () => {
    const folder = temporaryFolder()
    writeTree(folder, mine)
    expect(await write(folder, { force: true })).toEqual({ overwritten: ['README.md', 'src/main.ts'] })
    expect(readTree(folder)).toEqual({ ...projectTree, 'src/other.ts': 'mine' })
  })

  it('succeeds if its temporary folder cannot be removed, and names it', async () => {
    const folder = temporaryFolder()
    writeTree(folder, mine)
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      rmSync: () => {
        throw systemError('EBUSY')
      },
    }
    const { left = '', overwritten } = await write(folder, { force: true, fileSystem })
    expect(overwritten).toEqual(['README.md', 'src/main.ts'])
    expect(readTree(left)).toMatchObject({ 'old/README.md': 'mine' })
    expect(readTree(folder)).toMatchObject(projectTree)
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
      expect(error.message).toContain('Nothing was changed')
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
    ['a file in the way of a folder', { src: 'mine' }, 'src is not a folder'],
    ['a folder in the way of a file', { 'README.md/x': 'mine' }, 'README.md is a folder'],
  ])('refuses %s, even with force', async (_, present, message) => {
    const folder = temporaryFolder()
    writeTree(folder, present)
    const before = readTree(folder)
    expect((await failure(write(folder, { force: true }))).message).toContain(message)
    expect(readTree(folder)).toEqual(before)
  })

  it('does not write through links that lead out of the folder', async () => {
    const outside = temporaryFolder()
    const folder = temporaryFolder()
    writeTree(outside, { 'README.md': 'outside' })
    symlinkSync(join(outside, 'README.md'), join(folder, 'README.md'))
    expect(await write(folder, { force: true })).toEqual({ overwritten: ['README.md'] })
    expect(readTree(outside)).toEqual({ 'README.md': 'outside' })

    const other = temporaryFolder()
    symlinkSync(outside, join(other, 'src'))
    expect((await failure(write(other, { force: true }))).message).toContain('src is not a folder')
    expect(readTree(outside)).toEqual({ 'README.md': 'outside' })
  })
})

describe('a case-insensitive disk', () => {
  it("gives the user's file its own name back, whichever operation fails", async (context) => {
    const disk = caseInsensitiveFolder(context)
    const mine = { 'readme.md': 'mine', 'src/Main.ts': 'mine' }
    const probe = interferingAt(-1, () => {})
    writeTree(join(disk, 'probe'), mine)
    const { overwritten } = await write(join(disk, 'probe'), { force: true, fileSystem: probe.fileSystem })
    expect(overwritten).toEqual(['readme.md', 'src/Main.ts'])
    for (let n = 1; n <= probe.calls(); n++) {
      const folder = join(disk, String(n))
      writeTree(folder, mine)
      const before = readTree(folder)
      const { fileSystem } = interferingAt(n, () => {
        throw systemError('EIO')
      })
      const error = await failure(write(folder, { force: true, fileSystem }))
      expect(error.message).toContain('the disk reported an error (EIO). Nothing was changed.')
      expect(readTree(folder)).toEqual(before)
    }
  })
})
