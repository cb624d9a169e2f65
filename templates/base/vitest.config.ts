import { defineConfig } from 'vitest/config'

/** Requests of the tests stay on this machine: they are not for a proxy. */
const direct = '127.0.0.1,::1,localhost'

export default defineConfig({
  test: {
    // Whatever model the app uses, the tests run the hello model, which comes with mlx-app.
    env: { MLX_MODEL: 'hello', NO_PROXY: direct, no_proxy: direct },
    globalSetup: 'test/ready.ts',
    include: ['test/**/*.test.ts'],
    // The tests run a real model, which may take a while on a slow machine that is busy with something else.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
