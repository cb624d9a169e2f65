import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { protocolVersion } from '../../src/engine/protocol.ts'
import { next, withWorker } from './worker.ts'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const session = /```text\n([^`]*(?:`[^`]+`[^`]*)*?)\n```/.exec(page)?.[1]?.split('\n') ?? []

/** Versions, paths and times differ from one machine to the next, and so does what a model takes in memory. */
const varying = [
  ...['pid', 'python', 'mlx', 'mlxLm', 'device', 'path', 'timings'],
  ...['loadedBytes', 'totalBytes', 'memoryBytes'],
]

/** A line without what varies, and without what is there by default. */
function plain(line: unknown): unknown {
  return JSON.parse(JSON.stringify(line), (key, value) => (varying.includes(key) ? 'varies' : value))
}

test('the session on the page is what the worker sends', () =>
  withWorker(async (say, events) => {
    expect(session.length).toBeGreaterThan(20)
    for (const line of session) {
      const object = z.record(z.string(), z.unknown()).parse(JSON.parse(line.slice(2)))
      if (line.startsWith('→ ')) say(line.slice(2))
      else expect(plain(await next(events))).toMatchObject(z.looseObject({}).parse(plain(object)))
    }
  }))

test('the page names the version that the engine speaks', () => {
  expect(page).toContain(`# The worker's protocol, version ${protocolVersion}\n`)
  expect(session[0]).toContain(`"protocol":${protocolVersion},`)
})
