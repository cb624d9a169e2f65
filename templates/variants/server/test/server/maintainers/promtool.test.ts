import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { programOfDebian } from '../../../../../engine/test/engine/maintainers/debian.ts'
import { chat } from '../streams.ts'
import { useServer } from '../support.ts'

const shared = useServer()

test("Prometheus's own linter has nothing to say on the metrics", { timeout: 300_000 }, async () => {
  await (await shared.server.post('/v1/chat/completions', chat('Say hello.'))).json()
  const page = await (await fetch(`${shared.server.url}/metrics`)).text()
  const ours = page.split('\n').filter((line) => line.includes('mlx_'))
  expect(ours.length).toBeGreaterThan(50)
  const promtool = programOfDebian('promtool', 'prometheus')
  const check = (input: string) =>
    execFileSync(promtool, ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' })
  expect(() => check('# TYPE bad_ms counter\nbad_ms 1\n')).toThrow()
  // Names of prom-client's own metrics of Node are not ours to choose.
  expect(check(`${ours.join('\n')}\n`)).toBe('')
})
