import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { clientsPath } from './scripts/client-packages.ts'
import { SkippedTestsReporter } from './test/support/skipped-tests-reporter.ts'
import { recordTimes } from './test/support/times/plugin.ts'

const onGitHub = process.env.GITHUB_ACTIONS === 'true'
const plugins = [recordTimes()]

/** The export condition with which tests, and the processes they start, use the sources of the packages. */
const condition = 'mlx-app-source'
const fromSources = {
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition] } },
}
const env = { NODE_OPTIONS: `--conditions=${condition}` }
/** Programs of the templates import packages, whose sources need a TypeScript loader. */
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx'))
const withLoader = { NODE_OPTIONS: `${env.NODE_OPTIONS} --import=${loader}` }

/** Time limits leave room for a busy machine that is three times slower. See `npm run test:slow`. */
const limits = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000 } } }

/** Creates the Python environment before the first test that runs the engine. */
const environment = fileURLToPath(new URL('test/support/environment.ts', import.meta.url))
const vision = fileURLToPath(new URL('test/support/vision.ts', import.meta.url))
const packages = ['packages/engine', 'packages/server', 'packages/chat-page', 'templates']

export default defineConfig({
  test: {
    // Most tests wait for programs that they started, so one worker would leave a second core idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['default', ...(onGitHub ? ['github-actions'] : []), new SkippedTestsReporter()],
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
      ...packages.map((root) => ({
        plugins,
        ...fromSources,
        test: {
          name: root.replace('packages/', ''),
          root,
          include: [root === 'templates' ? '*/tests/**/*.ts' : 'test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, '**/tests/support/**', '**/test/clients/**', 'desktop/**'],
          globalSetup: [environment, vision],
          env: root === 'templates' ? withLoader : env,
          ...limits,
        },
      })),
      {
        // Needs a Node that the clients support, which npm run test:clients provides.
        plugins,
        ...fromSources,
        test: {
          name: 'clients',
          include: [`${clientsPath}/**/*.test.ts`],
          globalSetup: [environment, 'test/support/clients.ts'],
          env,
          ...limits,
        },
      },
      {
        // `npm run test:real` provides the model.
        ...fromSources,
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          globalSetup: [environment],
          env,
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
        },
      },
      {
        plugins,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: [environment, 'test/support/publish-tool.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
})
