import { expect, it } from 'vitest'
import { childEnvironment, runForOutput } from '../../src/setup/process/child-process.ts'

it('passes on proxies, certificates and mirrors', () => {
  const environment = {
    HTTPS_PROXY: 'http://proxy:3128',
    SSL_CERT_FILE: '/company.pem',
    UV_DEFAULT_INDEX: 'https://mirror/simple',
    PIP_INDEX_URL: 'https://mirror/simple',
    UV_PYTHON_INSTALL_MIRROR: 'https://mirror/python',
  }
  expect(childEnvironment(environment)).toMatchObject(environment)
})

it('never sends loopback through a proxy', () => {
  expect(childEnvironment({}).NO_PROXY).toBe('localhost,127.0.0.1,::1')
  expect(childEnvironment({ no_proxy: 'intranet, localhost' }).NO_PROXY).toBe(
    'intranet,localhost,127.0.0.1,::1',
  )
  expect(childEnvironment({ NO_PROXY: '*' }).NO_PROXY).toBe('*')
})

it('ends the descendants of a program at its time limit', async () => {
  // The child keeps the output open, as a script around uv does.
  const script = 'sleep 60 & echo $! >&2; wait'
  const started = performance.now()
  const result = await runForOutput('/bin/sh', ['-c', script], { PATH: process.env.PATH }, 300)
  expect(result).toEqual({ problem: 'it did not respond within 0.3 s' })
  expect(performance.now() - started).toBeLessThan(20_000)
})

it('returns why a program failed', async () => {
  const node = process.execPath
  expect(await runForOutput('/no/such/program', [], {}, 5000)).toEqual({ problem: 'it does not exist' })
  expect(await runForOutput(import.meta.filename, [], {}, 5000)).toEqual({ problem: 'it is not executable' })
  expect(await runForOutput(node, ['-e', 'console.error("why"); process.exit(3)'], {}, 5000)).toEqual({
    problem: 'why (exit code 3)',
  })
  expect(await runForOutput(node, ['-e', 'console.log(1)'], {}, 5000)).toEqual({ output: '1' })
  expect(await runForOutput(node, ['-e', 'setInterval(() => {}, 1000)'], {}, 100)).toEqual({
    problem: 'it did not respond within 0.1 s',
  })
})

it.each([
  ['pyenv', 127, "pyenv: python3.13: command not found\n\nThe `python3.13' command exists in:\n  3.13.0\n"],
  [
    'asdf',
    126,
    'No version is set for command python3\nConsider adding one of the following:\npython 3.13.0\n',
  ],
])('returns the reason of a shim of %s, not its advice', async (_, exitCode, text) => {
  const code = `process.stderr.write(${JSON.stringify(text)}); process.exitCode = ${exitCode}`
  expect(await runForOutput(process.execPath, ['-e', code], {}, 5000)).toEqual({
    problem: `${text.split('\n')[0]} (exit code ${exitCode})`,
  })
})
