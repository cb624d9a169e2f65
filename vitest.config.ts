import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { clientsPath } from './scripts/client-packages.ts'
import { SkippedTestsReporter } from './test/support/skipped-tests-reporter.ts'
import { recordTimes } from './test/support/times/plugin.ts'

const onGitHub = process.env.GITHUB_ACTIONS === 'true'
const plugins = [recordTimes()]

/** The packages of this repository are tested from their sources, in the processes that tests start too. */
const condition = 'mlx-app-source'
const fromSources = {
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition] } },
}
const env = { NODE_OPTIONS: `--conditions=${condition}` }
/** Programs of the templates import compiled packages, and here their sources: they need a loader of TypeScript. */
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx'))
const withLoader = { NODE_OPTIONS: `${env.NODE_OPTIONS} --import=${loader}` }

/** Limits leave room for a machine three times slower that is busy with something else: `npm run test:slow`. */
const limits = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000 } } }

/** Tests that run the engine: its environment comes before the first of them. */
const environment = fileURLToPath(new URL('test/support/environment.ts', import.meta.url))
const vision = fileURLToPath(new URL('test/support/vision.ts', import.meta.url))
const packages = ['packages/engine', 'packages/server', 'packages/chat-page', 'templates']

export default defineConfig({
  test: {
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
          include: ['**/test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, '**/test/clients/**'],
          globalSetup: [environment, vision],
          env: root === 'templates' ? withLoader : env,
          ...limits,
        },
      })),
      {
        // On a Node that the clients support: npm run test:clients.
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
