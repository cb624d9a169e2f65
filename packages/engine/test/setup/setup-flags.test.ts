import { expect, it } from 'vitest'
import { parseSetupOptions, UsageError } from '../../src/setup/commands/setup-flags.ts'

it('takes every flag', () => {
  expect(parseSetupOptions([])).toEqual({ fresh: false, dev: false, cuda: false, vision: false })
  expect(
    parseSetupOptions(['--env', 'pip', '--python', '/p', '--fresh', '--cuda', '--with', 'vision']),
  ).toEqual({
    way: 'pip',
    python: '/p',
    fresh: true,
    dev: false,
    cuda: true,
    vision: true,
  })
  expect(parseSetupOptions(['--help', '--fresh'])).toBe('help')
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
])('refuses %j', (argv) => {
  expect(() => parseSetupOptions(argv)).toThrow(UsageError)
})
