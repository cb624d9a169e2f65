/** docs/api.md says what the server does: its fields, its errors and its examples. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { needs } from '../../../test/support/programs/needs.ts'
import { settingRows } from '../src/settings.ts'
import { useServer } from './support.ts'

const shared = useServer()
const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/api.md'), 'utf8')
const execute = promisify(execFile)

/** A text as a regular expression that matches it. */
function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** What stands in backticks in a text. */
function named(text: string): string[] {
  return [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}

/** The cells of the rows of the table whose first head is this. */
function rowsOf(head: string): string[][] {
  const [, table = ''] = page.split(`| ${head} |`)
  const lines = table.split('\n').slice(2)
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({
    schemas: z.object({
      ChatCompletionRequest: z.object({
        properties: z.record(z.string(), z.object({ description: z.string().optional() })),
      }),
    }),
  }),
})

async function described() {
  return documentSchema.parse(await (await fetch(`${shared.server.url}/openapi.json`)).json())
}

test('it names every endpoint', async () => {
  const { paths } = await described()
  const endpoints = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const text = page.replaceAll('`GET` and `DELETE /', '`GET /v1/responses/{response_id}` and `DELETE /')
  for (const endpoint of endpoints) expect(text).toContain(`\`${endpoint}\``)
})

test('it documents every field of chat completions', async () => {
  const { properties } = (await described()).components.schemas.ChatCompletionRequest
  const [honoured, own, one, refused] = rowsOf('Chat completions').map(([, fields = '']) => named(fields))
  const told = [...(honoured ?? []), ...(own ?? []), ...(one ?? []), ...(refused ?? [])]
  expect(Object.keys(properties).filter((name) => !told.includes(name))).toEqual([])
  const ofSchema = Object.entries(properties).filter(([, { description = '' }]) =>
    description.startsWith('Not supported'),
  )
  expect(refused?.toSorted()).toEqual(ofSchema.map(([name]) => name).toSorted())
  for (const name of refused ?? []) {
    const messages = [{ role: 'user', content: 'Say hello.' }]
    const response = await shared.server.post('/v1/chat/completions', { messages, [name]: 'x' })
    expect({ name, status: response.status, text: await response.text() }).toMatchObject({
      status: 400,
      text: expect.stringContaining(`"param":"${name}"`),
    })
  }
})

describe('the table of errors', () => {
  const shown = rowsOf('Status').flatMap(([status = '', codes = '']) =>
    named(codes).map((code) => `${status} ${code}`),
  )

  test('has exactly the errors in the source, with their statuses', () => {
    const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
      .join('\n')
    const made = [...source.matchAll(/new ApiError\(\s*(\d{3}),([^,]+),/g)].flatMap(
      ([, status, codes = '']) => [...codes.matchAll(/'([a-z_]+)'/g)].map(([, code]) => `${status} ${code}`),
    )
    const meant = [...source.matchAll(/status: (\d{3}), code: '([a-z_]+)'/g)].map(
      ([, status, code]) => `${status} ${code}`,
    )
    expect(made.length).toBeGreaterThan(20)
    expect(meant.length).toBeGreaterThan(5)
    expect(shown.toSorted()).toEqual([...new Set([...made, ...meant])].toSorted())
  })

  test('names only settings that exist', () => {
    const variables = settingRows.map(({ variable }) => variable)
    const mentioned = named(page).filter((name) => /^[A-Z]+(_[A-Z]+)+$/.test(name))
    expect(mentioned.length).toBeGreaterThan(5)
    expect(mentioned.filter((name) => !variables.includes(name))).toEqual([])
  })
})

describe('the examples', needs('curl'), () => {
  const fences = [...page.matchAll(/```sh\n(curl (?:(?!```).)*)```\n\n```(json|text)\n((?:(?!```).)*)```/gs)]
  const examples = fences.map(([, command = '', kind = '', shown = '']) => ({ command, kind, shown }))

  async function run(command: string): Promise<string> {
    const own = command.replace('http://127.0.0.1:8000', shared.server.url)
    return (await execute('sh', ['-c', own])).stdout
  }

  test.each(examples.filter(({ kind }) => kind === 'json'))('$command', async ({ command, shown }) => {
    expect(JSON.parse(await run(command))).toMatchObject(JSON.parse(shown))
  })

  test.each(examples.filter(({ kind }) => kind === 'text'))('$command', async ({ command, shown }) => {
    const lines = (await run(command)).split('\n').filter((line) => line !== '')
    const patterns = shown
      .trimEnd()
      .split('\n')
      .map((line) => new RegExp(`^${line.split('...').map(literally).join('.*')}$`))
    expect(lines).toEqual(patterns.map((pattern) => expect.stringMatching(pattern)))
  })

  test('exist', () => {
    expect(examples.map(({ kind }) => kind)).toEqual(['json', 'text', 'json'])
  })
})
