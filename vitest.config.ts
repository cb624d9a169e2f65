import { defineConfig } from 'vitest/config'
import { LeftOutReporter } from './test/support/left-out-reporter.ts'

const onGitHub = process.env.GITHUB_ACTIONS === 'true'
import { recordTimes } from './test/support/times/plugin.ts'

const plugins = [recordTimes()]

export default defineConfig({
  test: {
    reporters: ['default', ...(onGitHub ? ['github-actions'] : []), new LeftOutReporter()],
    projects: [
      {
        plugins,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        plugins,
        test: {
          name: 'templates',
          root: 'templates',
          include: ['**/test/**/*.test.ts'],
          globalSetup: ['../test/support/environment.ts', '../test/support/vision.ts'],
          testTimeout: 60_000,
        },
      },
      {
        plugins,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: 'test/support/environment.ts',
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
