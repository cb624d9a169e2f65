import { expect, test } from 'vitest'
import { z } from 'zod'
import { examples } from '../src/openapi/examples.ts'
import { useServer } from './support.ts'

const shared = useServer()

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ operationId: z.string(), summary: z.string() })),
  ),
})

async function page(): Promise<string> {
  const response = await fetch(`${shared.server.url}/docs`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^text\/html/)
  return response.text()
}

async function operations() {
  const response = await fetch(`${shared.server.url}/openapi.json`)
  const { paths } = documentSchema.parse(await response.json())
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  )
}

test('the page shows each operation, its fields and a command', async () => {
  const shown = await page()
  for (const { operationId, path, method } of await operations()) {
    expect(shown).toContain(`<article id="${operationId}">`)
    expect(shown).toContain(
      `<span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></h3>`,
    )
  }
  expect(shown).toContain('<code class="name">temperature</code>')
  expect(shown).toContain('0 to 2')
  expect(shown).toContain(`curl ${shared.server.url}/v1/chat/completions`)
})

test('the page has no scripts, inline styles or external resources', async () => {
  const response = await fetch(`${shared.server.url}/docs`)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; style-src 'self'")
  const shown = await response.text()
  expect(shown).not.toMatch(/<script|<style|\sstyle=|\son\w+=|javascript:/i)
  const loaded = [...shown.matchAll(/<(?:link|img|iframe|object|embed)[^>]*>/g)].map(([tag]) => tag)
  expect(loaded).toEqual(['<link rel="stylesheet" href="docs.css">'])
  const style = await fetch(`${shared.server.url}/docs.css`)
  expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8')
  expect(await style.text()).not.toMatch(/url\(|@import/)
})

test('links on the page have a target on it', async () => {
  const shown = await page()
  const ids = new Set([...shown.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))
  const links = [...shown.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  expect(links.length).toBeGreaterThan(20)
  expect(links.filter((link) => !ids.has(link))).toEqual([])
})

test('the page shows no placeholder for missing values', async () => {
  const shown = await page()
  expect(shown).not.toContain('[object')
  expect(shown).not.toContain('undefined')
})

test('the example of each operation is a valid request', async () => {
  for (const { operationId, path } of await operations()) {
    const body = examples[operationId]
    if (body === undefined) continue
    const response = await shared.server.post(path, body)
    const text = await response.text()
    // The hello model gives no embeddings, and says so.
    expect({ operationId, status: response.status, text }).toMatchObject({
      status: operationId === 'createEmbedding' ? 400 : 200,
    })
  }
})
