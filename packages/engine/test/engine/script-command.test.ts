import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { adaptCommands, scriptCommand, scriptWithArguments } from '../../src/engine/project/index.ts'

const withScripts = mkdtempSync(join(tmpdir(), 'mlx-app-scripts-'))
const without = mkdtempSync(join(tmpdir(), 'mlx-app-no-scripts-'))
const scripts = { setup: 'mlx-app setup', doctor: 'mlx-app doctor', start: 'tsx src/main.ts' }
writeFileSync(join(withScripts, 'package.json'), JSON.stringify({ scripts }))
writeFileSync(join(without, 'package.json'), '{ "name": "app" }')
afterAll(() => {
  for (const folder of [withScripts, without]) rmSync(folder, { recursive: true })
})

const agents = [
  ['npm/11.1.0 node/v22', 'npm run setup -- --fresh', 'npm start', 'npx mlx-app setup --fresh'],
  ['pnpm/12.0.0 npm/? node/v22', 'pnpm run setup --fresh', 'pnpm start', 'pnpm exec mlx-app setup --fresh'],
  ['yarn/4.9.0', 'yarn run setup --fresh', 'yarn start', 'yarn mlx-app setup --fresh'],
  ['bun/1.3.0', 'bun run setup --fresh', 'bun run start', 'bunx mlx-app setup --fresh'],
  ['something/1.0.0', 'npm run setup -- --fresh', 'npm start', 'npx mlx-app setup --fresh'],
  ['', 'npm run setup -- --fresh', 'npm start', 'npx mlx-app setup --fresh'],
] as const

test.each(agents)('names commands for "%s"', (agent, setup, start, program) => {
  const environment = { npm_config_user_agent: agent, MLX_PROJECT: withScripts }
  expect(scriptWithArguments('setup', '--fresh', environment)).toBe(setup)
  expect(scriptCommand('start', environment)).toBe(start)
  expect(scriptWithArguments('setup', '--fresh', { ...environment, MLX_PROJECT: without })).toBe(program)
})

test('names npm if no package manager runs the program', () => {
  expect(scriptWithArguments('setup', '--fresh', { MLX_PROJECT: withScripts })).toBe(
    'npm run setup -- --fresh',
  )
})

test('names the program if there is no package.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlx-app-bare-'))
  expect(scriptCommand('doctor', { MLX_PROJECT: folder })).toBe('npx mlx-app doctor')
  rmSync(folder, { recursive: true })
})

test.each(agents)('rewrites the npm commands of the Python half for "%s"', (agent, setup) => {
  const environment = { npm_config_user_agent: agent, MLX_PROJECT: withScripts }
  expect(adaptCommands('Run: npm run setup -- --fresh, or npm run doctor.', environment)).toBe(
    `Run: ${setup}, or ${scriptCommand('doctor', environment)}.`,
  )
})
