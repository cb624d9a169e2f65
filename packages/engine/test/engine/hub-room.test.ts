import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { program } from '../../../../test/support/programs/find.ts'
import { needs } from '../../../../test/support/programs/needs.ts'
import { until, useFolder } from './support.ts'
import { errorOf, model, silentAfter, useHub, weights, weightsDigest } from './use-hub.ts'

const folder = useFolder()
const shared = useHub(folder.path)
const run = promisify(execFile)

/** Writes until there is no room left. */
function fill(file: string): void {
  try {
    for (;;) writeFileSync(file, Buffer.alloc(4096), { flag: 'a' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}

describe('room', () => {
  test('loadModel does not download a model that is too large', async () => {
    const engine = await shared.engine({}, { memoryLimitBytes: 100_000 })
    expect(await errorOf(engine.loadModel({ model }))).toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: `${model} was not downloaded: its weights take 232 kB, and the limit is 100 kB.`,
      hint: 'Choose a smaller or a more strongly quantised model, or raise memoryLimitBytes.',
    })
    expect(shared.gets('.safetensors')).toEqual([])
    expect(await engine.describeModel({ model })).toMatchObject({ fits: false })
    // For another machine, perhaps.
    expect((await engine.downloadModel({ model })).bytes).toBeGreaterThan(weights.length)
  })

  test('a read-only folder is named', async () => {
    const file = join(folder.path, 'no folder')
    writeFileSync(file, '')
    const engine = await shared.engine({ HF_HOME: file })
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringMatching(/^somebody\/hello-mlx could not be stored: .*no folder/),
      hint: 'Make that folder writable, or set HF_HOME to another one.',
    })
    const output = join(file, 'model')
    expect(await errorOf(engine.downloadModel({ model, output }))).toMatchObject({ code: 'DOWNLOAD_FAILED' })
  })

  describe.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
    'on a small disk (needs root on Linux, for a tmpfs)',
    needs('mount', 'umount'),
    () => {
      let disk = ''
      beforeAll(async () => {
        disk = mkdtempSync(join(tmpdir(), 'small-disk-'))
        await run(program('mount'), ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk])
      })
      afterAll(async () => {
        await run(program('umount'), [disk])
        rmSync(disk, { recursive: true })
      })

      test('a download without enough space does not start', async () => {
        writeFileSync(join(disk, 'filler'), Buffer.alloc(300_000))
        const engine = await shared.engine({ HF_HOME: disk })
        expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
          code: 'DISK_FULL',
          message: expect.stringMatching(
            new RegExp(
              `^The download of ${model} needs 2\\d\\d kB, and \\d+(\\.\\d)? kB are free in ${disk}/hub \\(HF_HOME is ${disk}\\)\\.$`,
            ),
          ),
          hint: expect.stringMatching(/mlx-app models clean.*or set HF_HOME to a folder on another disk\.$/),
        })
        const output = join(disk, 'plain')
        expect(await errorOf(engine.downloadModel({ model, output }))).toMatchObject({
          code: 'DISK_FULL',
          hint: 'Free some space, or choose a folder on another disk.',
        })
        expect(shared.gets('.safetensors')).toEqual([])
        rmSync(join(disk, 'filler'))
      })

      test('a disk that fills up is reported, and the download resumes later', async () => {
        const filler = join(disk, 'filler')
        const { trouble, reached } = silentAfter('.safetensors', weights, 100_000)
        shared.hub.trouble = (request, response, path) => {
          if (!trouble(request, response, path)) return false
          void reached.then(async () => {
            await until(async () => partialBytes() > 0)
            fill(filler)
            response.end(weights.subarray(100_000))
          })
          return true
        }
        const partial = join(
          disk,
          'hub',
          'models--somebody--hello-mlx',
          'blobs',
          `${weightsDigest}.incomplete`,
        )
        const partialBytes = () => statSync(partial, { throwIfNoEntry: false })?.size ?? 0
        const engine = await shared.engine({ HF_HOME: disk })
        expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
          code: 'DISK_FULL',
          message: expect.stringContaining(`The disk is full: ${model} could not be stored.`),
        })
        rmSync(filler)
        await engine.downloadModel({ model })
        expect(shared.gets('.safetensors').at(-1)).toMatch(/ bytes=\d+-$/)
        expect((await engine.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
      })
    },
  )
})
