import { describe, expect, it } from 'vitest'
import { formatDuration } from '../../src/setup/terminal/format.ts'
import { formatBarLine, formatLogLine } from '../../src/setup/terminal/progress-text.ts'
import { RateMeter } from '../../src/setup/terminal/rate-meter.ts'

const download = {
  stage: 'download',
  loadedBytes: 700_000_000,
  totalBytes: 2_300_000_000,
  bytesPerSecond: 34_500_000,
} as const

describe('a bar', () => {
  it.each([
    [100, 'Downloading   30 %  █████████░░░░░░░░░░░░░░░░░░░░░   700 MB of 2.3 GB  34.5 MB/s  0:47 left'],
    [80, 'Downloading   30 %  █████░░░░░░░░░░░░░░   700 MB of 2.3 GB  34.5 MB/s  0:47 left'],
    [60, 'Downloading   30 %  ███░░░░░░░   700 MB of 2.3 GB  0:47 left'],
    [50, 'Downloading   30 %  █████░░░░░░░░░░░░░░  0:47 left'],
    [30, 'Downloading   30 %  ███░░░░░░░'],
    [16, ' 30 %  ██░░░░░░░'],
    [12, '30 %'],
    [3, '30 '],
  ])('is no wider than %d columns', (columns, line) => {
    expect(formatBarLine(download, columns)).toBe(line)
    expect(line.length).toBeLessThanOrEqual(columns)
  })

  it('keeps its columns while the numbers change', () => {
    const lines = [9_990_000, 99_900_000, 999_000_000, 1_100_000_000].map((loadedBytes) =>
      formatBarLine({ ...download, loadedBytes }, 80),
    )
    for (const line of lines) {
      expect(line.indexOf('of 2.3 GB')).toBe(lines[0]?.indexOf('of 2.3 GB'))
      expect(line).toHaveLength(lines[0]?.length ?? 0)
    }
  })

  it('is full at the end and not before', () => {
    const { totalBytes } = download
    expect(formatBarLine({ ...download, loadedBytes: totalBytes - 1 }, 80)).toMatch(/ 99 % {2}█+░ /)
    expect(formatBarLine({ ...download, loadedBytes: totalBytes }, 80)).toMatch(
      /100 % {2}█+ {3}2.3 GB of 2.3 GB/,
    )
  })

  it('is left out until the total size is known', () => {
    expect(formatBarLine({ ...download, totalBytes: 0 }, 80)).toBe('Downloading   700 MB  34.5 MB/s')
  })

  it('shows that a download has stalled', () => {
    expect(formatBarLine({ ...download, bytesPerSecond: 0 }, 80)).toContain('0 bytes/s    stalled')
  })

  it('colours the completed part', () => {
    expect(formatBarLine(download, 80, (text) => `<${text}>`)).toContain('<█████>░')
  })
})

it.each([
  [download, 'Downloading: 30 %, 700 MB of 2.3 GB, 34.5 MB/s, 0:47 left'],
  [{ ...download, bytesPerSecond: undefined }, 'Downloading: 30 %, 700 MB of 2.3 GB'],
  [{ ...download, stage: 'verify' } as const, 'Checking: 30 %, 700 MB of 2.3 GB, 34.5 MB/s, 0:47 left'],
  [
    { ...download, stage: 'load', loadedBytes: 2_300_000_000 } as const,
    'Loading: 100 %, 2.3 GB of 2.3 GB, 34.5 MB/s',
  ],
  [{ ...download, totalBytes: 0 }, 'Downloading: 700 MB, 34.5 MB/s'],
])('a line of a log, %#', (facts, line) => {
  expect(formatLogLine(facts)).toBe(line)
})

it.each([
  [0, '0:00'],
  [0.1, '0:01'],
  [59.2, '1:00'],
  [83, '1:23'],
  [3725, '1:02:05'],
  [86_400, 'over a day'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

describe('the rate', () => {
  it('is unknown in the first second, and ignores an earlier attempt', () => {
    const meter = new RateMeter()
    meter.add(5_000_000, 1_000)
    meter.add(5_500_000, 1_500)
    expect(meter.bytesPerSecond(1_500)).toBeUndefined()
    meter.add(6_000_000, 2_000)
    expect(meter.bytesPerSecond(2_000)).toBe(1_000_000)
  })

  it('is unknown until the first bytes arrive or time has passed', () => {
    const meter = new RateMeter()
    meter.add(0, 50_000)
    expect(meter.bytesPerSecond(55_000)).toBeUndefined()
    expect(meter.bytesPerSecond(70_000)).toBe(0)
  })

  it('starts again when the bytes do', () => {
    const meter = new RateMeter()
    for (let atMs = 0; atMs <= 5_000; atMs += 500) meter.add(atMs * 1_000, atMs)
    meter.add(100_000, 5_500)
    expect(meter.bytesPerSecond(5_500)).toBeUndefined()
    meter.add(2_100_000, 7_500)
    expect(meter.bytesPerSecond(7_500)).toBe(1_000_000)
  })

  it('is steady if the bytes arrive in blocks', () => {
    const meter = new RateMeter()
    const rates: number[] = []
    // 10 MB every 2 seconds, looked at twice a second.
    for (let atMs = 0; atMs <= 60_000; atMs += 500) {
      meter.add(Math.floor(atMs / 2_000) * 10_000_000, atMs)
      const rate = meter.bytesPerSecond(atMs)
      if (atMs > 10_000 && rate !== undefined) rates.push(rate)
    }
    expect(Math.min(...rates)).toBeGreaterThan(3_500_000)
    expect(Math.max(...rates)).toBeLessThan(6_500_000)
  })

  it('follows a change within seconds, and drops to 0 when nothing arrives', () => {
    const meter = new RateMeter()
    for (let atMs = 0; atMs <= 20_000; atMs += 500) meter.add(atMs * 1_000, atMs)
    expect(meter.bytesPerSecond(20_000)).toBe(1_000_000)
    for (let atMs = 20_500; atMs <= 29_000; atMs += 500) {
      meter.add(20_000_000 + (atMs - 20_000) * 2_000, atMs)
    }
    expect(meter.bytesPerSecond(29_000)).toBe(2_000_000)
    expect(meter.bytesPerSecond(33_000)).toBeLessThan(2_000_000)
    expect(meter.bytesPerSecond(48_900)).toBeGreaterThan(0)
    expect(meter.bytesPerSecond(49_000)).toBe(0)
  })
})
