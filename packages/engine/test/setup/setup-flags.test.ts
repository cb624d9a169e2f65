import { expect, it } from 'vitest'
import { parseSetupFlags } from '../../src/setup/commands/setup-flags.ts'
import { UsageError } from '../../src/setup/commands/usage-error.ts'

it('accepts every flag', () => {
  expect(parseSetupFlags([])).toEqual({ fresh: false, dev: false, cuda: false, vision: false })
  expect(
    parseSetupFlags(['--env', 'pip', '--python', '/p', '--fresh', '--cuda', '--with', 'vision']),
  ).toEqual({
    method: 'pip',
    python: '/p',
    fresh: true,
    dev: false,
    cuda: true,
    vision: true,
  })
  expect(parseSetupFlags(['--help', '--fresh'])).toBe('help')
})

it.each([
  [['--envy']],
  [['extra']],
  [['--env', 'conda']],
  [['--env']],
  [['--fresh=yes']],
  [['--cuda', '--env', 'existing']],
  [['--with']],
  [['--with', 'sound']],
  [['--with', 'vision', '--env', 'existing']],
])('rejects %j', (argv) => {
  expect(() => parseSetupFlags(argv)).toThrow(UsageError)
})
