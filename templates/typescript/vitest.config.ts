import { defineConfig } from 'vitest/config'

/** The hosts that the tests connect to, which bypass any proxy. */
const direct = '127.0.0.1,::1,localhost'

export default defineConfig({
  test: {
    // The tests always run the hello model, which comes with mlx-app.
    env: { MLX_MODEL: 'hello', NO_PROXY: direct, no_proxy: direct },
    globalSetup: 'test/global-setup.ts',
    include: ['test/**/*.test.ts'],
    // The tests run a real model, which can take a while on a slow or busy machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
