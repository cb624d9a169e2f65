import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LoadProgress } from '../../src/engine/index.ts'
import { progressLines } from '../../src/setup/terminal/progress.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function follow() {
  const lines: string[] = []
  const view = progressLines((line) => lines.push(line))
  const update = (stage: LoadProgress['stage'], loadedBytes: number, afterMs = 0) => {
    vi.advanceTimersByTime(afterMs)
    view.update({ stage, loadedBytes: loadedBytes * 1e6, totalBytes: 100e6 })
  }
  return { lines, update, end: view.end }
}

describe('lines for a log', () => {
  it('appear at the start and after each 10 %', () => {
    const { lines, update } = follow()
    for (let percent = 0; percent <= 100; percent++) update('download', percent, 200)
    expect(lines).toEqual([
      'Downloading: 0 %, 0 bytes of 100 MB',
      'Downloading: 10 %, 10.0 MB of 100 MB, 5.0 MB/s, 0:18 left',
      'Downloading: 20 %, 20.0 MB of 100 MB, 5.0 MB/s, 0:16 left',
      'Downloading: 30 %, 30.0 MB of 100 MB, 5.0 MB/s, 0:14 left',
      'Downloading: 40 %, 40.0 MB of 100 MB, 5.0 MB/s, 0:12 left',
      'Downloading: 50 %, 50.0 MB of 100 MB, 5.0 MB/s, 0:10 left',
      'Downloading: 60 %, 60.0 MB of 100 MB, 5.0 MB/s, 0:08 left',
      'Downloading: 70 %, 70.0 MB of 100 MB, 5.0 MB/s, 0:06 left',
      'Downloading: 80 %, 80.0 MB of 100 MB, 5.0 MB/s, 0:04 left',
      'Downloading: 90 %, 90.0 MB of 100 MB, 5.0 MB/s, 0:02 left',
      'Downloading: 100 %, 100 MB of 100 MB, 5.0 MB/s',
    ])
  })

  it('show only the start and the end of a quick download', () => {
    const { lines, update } = follow()
    for (let percent = 0; percent <= 100; percent += 5) update('download', percent, 5)
    expect(lines).toEqual(['Downloading: 0 %, 0 bytes of 100 MB', 'Downloading: 100 %, 100 MB of 100 MB'])
  })

  it('continue after an earlier attempt', () => {
    const { lines, update } = follow()
    update('download', 42)
    update('download', 49, 2_000)
    update('download', 51, 2_000)
    expect(lines).toEqual([
      'Downloading: 42 %, 42.0 MB of 100 MB',
      'Downloading: 51 %, 51.0 MB of 100 MB, 2.3 MB/s, 0:22 left',
    ])
  })

  it('appear every 30 seconds during a slow or stalled download', () => {
    const { lines, update, end } = follow()
    update('download', 1)
    for (let percent = 2; percent <= 5; percent++) update('download', percent, 10_000)
    vi.advanceTimersByTime(40_000)
    expect(lines).toEqual([
      'Downloading: 1 %, 1.0 MB of 100 MB',
      expect.stringMatching(/^Downloading: [34] %, \d.0 MB of 100 MB, \d+\.\d kB\/s, \d+:\d\d(:\d\d)? left$/),
      expect.stringMatching(/^Downloading: 5 %, 5.0 MB of 100 MB, 0 bytes\/s, stalled$/),
    ])
    end()
    vi.advanceTimersByTime(120_000)
    expect(lines).toHaveLength(3)
  })

  it('show checking and loading only if they take long', () => {
    const quick = follow()
    for (const percent of [0, 50, 100]) quick.update('verify', percent, 100)
    for (const percent of [0, 50, 100]) quick.update('load', percent, 100)
    expect(quick.lines).toEqual([])
    const slow = follow()
    for (const percent of [0, 30, 60, 100]) slow.update('load', percent, 1_500)
    expect(slow.lines).toEqual([
      'Loading: 60 %, 60.0 MB of 100 MB, 20.0 MB/s, 0:02 left',
      'Loading: 100 %, 100 MB of 100 MB, 22.2 MB/s',
    ])
  })
})
