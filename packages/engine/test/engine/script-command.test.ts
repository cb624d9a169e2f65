import { expect, test } from 'vitest'
import { scriptCommand, scriptWithArguments } from '../../src/engine/project.ts'
import { inThisManager } from '../../src/engine/script-command.ts'

const agents = [
  ['npm/11.1.0 node/v22', 'npm run setup -- --fresh', 'npm start'],
  ['pnpm/12.0.0 npm/? node/v22', 'pnpm run setup --fresh', 'pnpm start'],
  ['yarn/4.9.0', 'yarn run setup --fresh', 'yarn start'],
  ['bun/1.3.0', 'bun run setup --fresh', 'bun run start'],
  ['something/1.0.0', 'npm run setup -- --fresh', 'npm start'],
  ['', 'npm run setup -- --fresh', 'npm start'],
] as const

test.each(agents)('names commands for "%s"', (agent, setup, start) => {
  const environment = { npm_config_user_agent: agent }
  expect(scriptWithArguments('setup', '--fresh', environment)).toBe(setup)
  expect(scriptCommand('start', environment)).toBe(start)
})

test('names npm where no package manager runs the program', () => {
  expect(scriptWithArguments('setup', '--fresh', {})).toBe('npm run setup -- --fresh')
})

test.each(agents)('words what the Python half says of npm for "%s"', (agent, setup) => {
  const environment = { npm_config_user_agent: agent }
  expect(inThisManager('Run: npm run setup -- --fresh, or npm run doctor.', environment)).toBe(
    `Run: ${setup}, or ${scriptCommand('doctor', environment)}.`,
  )
})
