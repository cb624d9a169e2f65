import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { program } from '../../../test/support/programs/find.ts'
import { needs } from '../../../test/support/programs/needs.ts'
import { chat } from './streams.ts'
import { useServer } from './support.ts'

const shared = useServer()

test("Prometheus's own linter reports no problem in the metrics", needs('promtool'), async () => {
  await (await shared.server.post('/v1/chat/completions', chat('Say hello.'))).json()
  const page = await (await fetch(`${shared.server.url}/metrics`)).text()
  expect(page.match(/^mlx_/gm)?.length).toBeGreaterThan(50)
  const check = (input: string) =>
    execFileSync(program('promtool'), ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' })
  expect(() => check('# TYPE bad_ms counter\nbad_ms 1\n')).toThrow()
  expect(check(page)).toBe('')
})
