import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { programOfDebian } from '#testing/maintainers/debian'
import { chat } from '../streams.ts'
import { useServer } from '../support.ts'

const shared = useServer()

test("Prometheus's own linter has nothing to say on the metrics", { timeout: 300_000 }, async () => {
  await (await shared.server.post('/v1/chat/completions', chat('Say hello.'))).json()
  const page = await (await fetch(`${shared.server.url}/metrics`)).text()
  expect(page.match(/^mlx_/gm)?.length).toBeGreaterThan(50)
  const promtool = programOfDebian('promtool', 'prometheus')
  const check = (input: string) =>
    execFileSync(promtool, ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' })
  expect(() => check('# TYPE bad_ms counter\nbad_ms 1\n')).toThrow()
  expect(check(page)).toBe('')
})
