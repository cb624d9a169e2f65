/** Frameworks for agents that send tools and a format in one request, and expect a call or the object. */
import { beforeAll, expect, test } from 'vitest'
import { pythonWithClients, runPython } from './python-clients.ts'
import { useServer } from './support.ts'
import { weather } from './weather.ts'

/** The packages are fetched once. */
const fetchMs = 600_000
const file = 'frameworks.txt'

const shared = useServer()
let seen: unknown

beforeAll(() => pythonWithClients(file), fetchMs)

beforeAll(async () => {
  const { question, result } = weather
  const told = JSON.stringify({ question, result })
  seen = await runPython('frameworks.py', [`${shared.server.url}/v1`, told], file)
}, 300_000)

test.each(['pydantic_ai', 'openai_agents', 'haystack', 'langchain'])(
  '%s gets a call for a question, and an object for another one, over both APIs',
  (framework) => {
    const answers = {
      'Write JSON.': { called: [], known: true },
      [weather.question]: { called: ['Bern'], known: true },
    }
    expect(seen).toMatchObject({ [framework]: { chat: answers, responses: answers } })
  },
)

test('instructor gets its object as a call, over both APIs', () => {
  const answers = {
    'Write JSON.': { called: [], known: true },
    [weather.question]: { called: [], known: true },
  }
  expect(seen).toMatchObject({ instructor: { chat: answers, responses: answers } })
})
