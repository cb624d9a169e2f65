/**
 * Behind a company's proxy: a namespace in which a proxy with a password is the only way out, to mirrors with a path, a
 * password and a certificate by an authority that nobody knows. Creation, install, set-up and models go through it.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Company, companyModel, makeCompany, plainPath, secrets } from '../support/company.ts'
import { answerTo } from '../support/hello.ts'
import { mirrorNames } from '../support/mirror.ts'
import type { Ran } from '../support/namespace.ts'
import { basePython, pretending } from '../support/setup-project.ts'
import { builtTool } from '../support/tool.ts'

const linux = process.platform === 'linux'

describe.runIf(linux)('behind a proxy that is the only way out', () => {
  let company: Company
  let project: string
  let created: Ran

  /** What a user has set besides, for one command. */
  const run = async (command: string[], settings: NodeJS.ProcessEnv): Promise<Ran> =>
    await company.namespace.run(command, { cwd: project, env: { ...company.environment, ...settings } })

  /** Which of the company's servers a piece of work asked for, by the proxy, and nothing else. */
  async function servers(work: () => Promise<Ran>): Promise<{ ran: Ran; through: string[]; astray: number }> {
    const before = { asked: company.proxy.asked.length, astray: company.namespace.traffic().withoutRoute }
    const ran = await work()
    const through = [...new Set(company.proxy.asked.slice(before.asked))].sort()
    return { ran, through, astray: company.namespace.traffic().withoutRoute - before.astray }
  }

  const secure = (name: keyof typeof mirrorNames) => `CONNECT ${mirrorNames[name]}:443`

  beforeAll(async () => {
    const tool = await builtTool()
    company = await makeCompany()
    project = join(company.folder, 'my app')
    // A user who has configured npm and pip, as their company's manual says, and never heard of uv.
    company.writeNpmrc(`https-proxy=${company.proxyUrl}`, `cafile=${company.authority.certificate}`)
    created = await company.namespace.run(
      ['node', tool, project, '--yes', '--template', 'node', '--model', 'hello', '--no-git'],
      { cwd: company.folder, env: { ...company.environment, PIP_INDEX_URL: company.indexUrl } },
    )
  })

  afterAll(async () => await company?.[Symbol.asyncDispose]())

  it('creates, installs and sets up with what npm and pip were told', () => {
    expect(created.exitCode, created.all).toBe(0)
    expect(created.all).toContain('uv, fetched by the pip of')
    expect(created.all).toContain('Packages of requirements.lock')
    expect([...new Set(company.proxy.asked)].sort()).toEqual([secure('index'), secure('registry')])
    expect(company.namespace.traffic().withoutRoute).toBe(0)
    const asked = (pattern: RegExp) => company.mirror.asked.some((address) => pattern.test(address))
    expect(asked(/^registry\.test\/company\/npm\/.*\.tgz$/)).toBe(true)
    expect(asked(/^packages\.test\/company\/files\/uv-/)).toBe(true)
    expect(asked(/^packages\.test\/company\/files\/mlx-/)).toBe(true)
  })

  it('answers, and finds nothing wrong', async () => {
    const { ran, through, astray } = await servers(() => run(['npm', 'run', 'doctor'], {}))
    expect(ran.exitCode, ran.all).toBe(0)
    const question = 'Say hello.'
    const asked = await servers(() => run(['npm', '-s', 'start', '--', question], {}))
    expect(asked.ran.stdout, asked.ran.stderr).toBe(answerTo(question))
    expect([through, asked.through, astray, asked.astray]).toEqual([[], [], 0, 0])
  })
})
