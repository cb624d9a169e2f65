import { createConfig, lintFromString } from '@redocly/openapi-core'
import { expect, test } from 'vitest'
import { useServer } from './support.ts'

const shared = useServer()

/** The document's licence is that of the project that the user makes, and the server's address is where it was got. */
const rules = { 'info-license': 'off' } as const

test('Redocly reports no problem in /openapi.json', async () => {
  const response = await fetch(`${shared.server.url}/openapi.json`)
  const config = await createConfig({ extends: ['recommended'], rules })
  const problems = await lintFromString({ source: await response.text(), config })
  const told = problems.map(
    ({ ruleId, message, location: [place] }) => `${ruleId} ${place?.pointer ?? ''}: ${message}`,
  )
  expect(told).toEqual([])
})
