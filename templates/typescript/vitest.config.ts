import { configDefaults, defineConfig } from 'vitest/config'

/** The hosts that the tests connect to, which bypass any proxy. */
const direct = '127.0.0.1,::1,localhost'

export default defineConfig({
  test: {
    // The tests always run the hello model, which comes with mlx-app.
    env: { MLX_MODEL: 'hello', NO_PROXY: direct, no_proxy: direct },
    globalSetup: 'tests/support/global-setup.ts',
    // Names without ".test" keep the test runner of a repository around this project from running these tests too.
    include: ['tests/**/*.ts', '{src,test}/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'tests/support/**'],
    // The tests run a real model, which can take a while on a slow or busy machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
