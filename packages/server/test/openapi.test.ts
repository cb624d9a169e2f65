import { expect, test } from 'vitest'
import { z } from 'zod'
import { createApp } from '../src/app.ts'
import { useServer } from './support.ts'

const shared = useServer()

const documentSchema = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
})

/** What is for the eyes, and no part of the API. */
const pages = [/^\/$/, /^\/assets\//, /^\/docs/, /^\/[\w.-]+\.(svg|html|css|js|png|webmanifest)$/]

async function read() {
  const response = await fetch(`${shared.server.url}/openapi.json`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  return documentSchema.parse(await response.json())
}

test('describes exactly the routes of the server', async () => {
  const { paths } = await read()
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const served = createApp(shared.server.services)
    .routes.filter(({ method, path }) => method !== 'ALL' && !pages.some((page) => page.test(path)))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, '{$1}')}`)
  expect(described.toSorted()).toEqual([...new Set(served)].toSorted())
})

test('names each operation once', async () => {
  const { paths } = await read()
  const names = Object.values(paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  )
  expect(new Set(names).size).toBe(names.length)
})
