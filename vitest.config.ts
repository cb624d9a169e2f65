import { configDefaults, defineConfig } from 'vitest/config'
import { clientsPath } from './scripts/client-packages.ts'
import { LeftOutReporter } from './test/support/left-out-reporter.ts'
import { recordTimes } from './test/support/times/plugin.ts'

const onGitHub = process.env.GITHUB_ACTIONS === 'true'
const plugins = [recordTimes()]

// Limits leave room for a machine three times slower that is busy with something else: `npm run test:slow`.
export default defineConfig({
  test: {
    reporters: ['default', ...(onGitHub ? ['github-actions'] : []), new LeftOutReporter()],
    projects: [
      {
        plugins,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins,
        test: {
          name: 'templates',
          root: 'templates',
          include: ['**/test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, '**/maintainers/clients/**'],
          globalSetup: ['../test/support/environment.ts', '../test/support/vision.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        // On a Node that the clients support: npm run test:clients.
        plugins,
        test: {
          name: 'clients',
          include: [`${clientsPath}/**/*.test.ts`],
          globalSetup: ['test/support/environment.ts', 'test/support/clients.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        plugins,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/environment.ts', 'test/support/published.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
})
