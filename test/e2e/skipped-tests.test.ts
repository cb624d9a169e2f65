/** Tests whose programs are missing are skipped and listed with the reason, except in CI. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'

const support = fileURLToPath(new URL('../support', import.meta.url))
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))

const tests = `
import { beforeAll, describe, expect, test } from 'vitest'
import { program } from '${support}/programs/find.ts'
import { needs, programFor } from '${support}/programs/needs.ts'

test('needs nothing', () => expect(1).toBe(1))
describe('a balancer', needs('caddy'), () => {
  beforeAll(() => void program('caddy'))
  test('balances', () => expect(program('caddy')).toBeTruthy())
  test('falls', () => expect(program('caddy')).toBeTruthy())
})
test('asks late', (context) => expect(programFor(context, 'chromium')).toBeTruthy())
`
const config = `
import { SkippedTestsReporter } from '${support}/skipped-tests-reporter.ts'
export default { test: { reporters: ['default', new SkippedTestsReporter()], cache: false } }
`

/** Runs these tests with Vitest, with neither program on the PATH. */
async function run(variables: NodeJS.ProcessEnv): Promise<{ exitCode: number | undefined; all: string }> {
  const folder = temporaryFolder('skipped tests')
  writeFileSync(join(folder, 'some.test.ts'), tests)
  writeFileSync(join(folder, 'vitest.config.ts'), config)
  const { exitCode, all } = await execa(process.execPath, [vitest, 'run', '--root', folder], {
    env: { PATH: folder, HOME: folder, NO_COLOR: '1', ...variables },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
  })
  return { exitCode, all }
}

describe('tests whose programs are missing', () => {
  it('are skipped and listed with their number and the reason', async () => {
    const { exitCode, all } = await run({})
    expect(exitCode, all).toBe(0)
    expect(all).toMatch(/Tests +1 passed \| 3 skipped \(4\)/)
    expect(all).toContain(
      [
        'Skipped: 3 tests',
        '  caddy, missing here (Debian: apt-get install caddy): 2',
        '    some.test.ts > a balancer > balances',
        '    some.test.ts > a balancer > falls',
        '  chromium, missing here (Debian: apt-get install chromium): 1',
        '    some.test.ts > asks late',
      ].join('\n'),
    )
  })

  it('fail in CI', async () => {
    const { exitCode, all } = await run({ CI: 'true' })
    expect(exitCode).toBe(1)
    expect(all).toContain('This test needs caddy, missing here (Debian: apt-get install caddy).')
    expect(all).toContain('This test needs chromium, missing here')
    expect(all).not.toContain('Skipped:')
  })
})
