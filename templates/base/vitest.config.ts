import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Whatever model the app uses, the tests run the one that comes with the project.
    env: { MLX_MODEL: 'hello' },
    globalSetup: 'test/engine/ready.ts',
    include: ['test/**/*.test.ts'],
    // The tests run a real model: the first one waits until Python has imported MLX.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
