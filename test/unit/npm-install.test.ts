import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { installWithNpm } from '../../src/install/npm.ts'
import { temporaryFolder, writeTree } from '../support/folders.ts'

/** Installs with an npm that fails and leaves this log. @returns why the installation failed, and the runs of npm. */
async function failWith(log: string): Promise<[failure: string | undefined, runs: number]> {
  const folder = temporaryFolder()
  let runs = 0
  const failure = await installWithNpm(folder, {}, async ({ npm_config_logs_dir: logs = '' }) => {
    runs += 1
    writeTree(logs, { '2026-01-01-report.json': '{}' })
    writeFileSync(join(logs, `2026-01-0${runs}-debug-0.log`), log)
    return 'exit code 1'
  })
  return [failure, runs]
}

const excluded = {
  alone: `12 verbose stack Error
13 error code ETARGET
14 error notarget No matching version found for @scope/tool@1.2.3 with a date before 11/1/2026, 1:26:45 AM.
`,
  'as a peer of another package': `28 error code ERESOLVE
31 error Found: @scope/tool@undefined
31 error node_modules/@scope/tool
31 error   @scope/tool@"1.2.3" from the root project
31 error Could not resolve dependency:
31 error peer @scope/tool@"^1.0.0" from other@0.1.0
`,
}

it.each(Object.entries(excluded))('names the settings that exclude a version %s', async (_, log) => {
  const reason =
    'exit code 1, because @scope/tool@1.2.3 is newer than your npm settings min-release-age or before allow (to install it nevertheless, run npm install --min-release-age=0)'
  expect(await failWith(log)).toEqual([reason, 1])
})

it('does not blame the settings for a package that the registry lacks', async () => {
  const log = `9 http fetch GET 404 https://registry.example/tool\n${excluded['as a peer of another package']}`
  expect(await failWith(log)).toEqual(['exit code 1', 1])
})

it.each([
  ['a lost connection', 'ECONNRESET', 'because npm could not download a package (ECONNRESET;', 2],
  ['an unreachable registry', 'ECONNREFUSED', 'because npm could not download a package (ECONNREFUSED;', 1],
  ['anything else', 'EJSONPARSE', 'exit code 1', 1],
])('tells what the reason is: %s', async (_, code, reason, runs) => {
  const [failure, ran] = await failWith(`5 verbose x\n6 error code ${code}\n`)
  expect(failure).toContain(reason)
  expect(ran).toBe(runs)
})
