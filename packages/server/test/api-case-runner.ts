/** Runs the cases of api-cases/ against a server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CaseFile, expand, type Step } from './api-cases.ts'
import { joinPieces, parseEvents } from './api-events.ts'
import { type Known, matcherOf } from './api-matchers.ts'

/** A prompt of 20,000 tokens takes a minute on two idle cores, and longer on a busy machine. */
export const caseTimeoutMs = 600_000

/** A server that was started for cases. */
export interface CaseServer {
  url: string
  cut(): Promise<void>
}

/**
 * Declares a test for each case.
 *
 * @param start starts a server with the settings of a file, which are named as the Node server's variables. Files
 * with the same settings share a server.
 */
export function testCases(
  files: readonly CaseFile[],
  start: (environment: Record<string, string>) => Promise<CaseServer>,
): void {
  const servers = new Map<string, Promise<CaseServer>>()
  const serverFor = (environment: Record<string, string>): Promise<CaseServer> => {
    const key = JSON.stringify(environment)
    // A long prefill would send heartbeats, on a slow machine more of them.
    const patient = { FIRST_TOKEN_TIMEOUT_MS: String(caseTimeoutMs), HEARTBEAT_MS: String(caseTimeoutMs) }
    const server = servers.get(key) ?? start({ ...patient, ...environment })
    servers.set(key, server)
    return server
  }

  afterAll(async () => {
    for (const server of servers.values()) await (await server).cut()
  })

  test('there are cases', () => {
    expect(files.flatMap(({ cases }) => cases).length).toBeGreaterThan(0)
  })

  for (const { name, environment, cases } of files) {
    describe(name, () => {
      let server: CaseServer
      beforeAll(async () => {
        server = await serverFor(environment)
      })

      for (const { title, steps } of cases) {
        test(title, { timeout: caseTimeoutMs }, async () => {
          const known: Known = new Map()
          for (const step of steps) await take(server, step, known)
        })
      }
    })
  }
}

async function take(server: CaseServer, step: Step, known: Known): Promise<void> {
  const response = await send(server, step.request, known)
  const text = await response.text()
  // The body tells why a status is not the expected one.
  expect({ status: response.status, body: text }).toEqual({ status: step.status, body: expect.any(String) })
  for (const [name, value] of Object.entries(step.headers ?? {})) {
    expect({ [name]: response.headers.get(name) }).toEqual({ [name]: matcherOf(value, known) })
  }
  if (step.events === undefined) {
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    expect(isJson ? JSON.parse(text) : text).toEqual(matcherOf(step.answer, known))
    return
  }
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream\b/)
  expect(joinPieces(parseEvents(text))).toEqual(
    step.events.map(({ event, data }) => ({
      ...(event !== undefined && { event }),
      data: matcherOf(data, known),
    })),
  )
}

function send(server: CaseServer, request: Step['request'], known: Known): Promise<Response> {
  const { body, rawBody, path, headers } = request
  const payload = body === undefined ? expand(rawBody, known) : JSON.stringify(expand(body, known))
  const method = request.method ?? (payload === undefined ? 'GET' : 'POST')
  // `{id}` in a path is a value of an earlier answer.
  const address = path.replace(/\{(\w+)\}/g, (_, name) => String(known.get(name)))
  return fetch(server.url + address, {
    method,
    ...(payload !== undefined && { body: String(payload) }),
    headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers },
  })
}
