import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Whatever model the app uses, the tests run the one that comes with the project. What they ask is on this machine,
    // and not for a proxy.
    env: { MLX_MODEL: 'hello', NO_PROXY: '127.0.0.1,::1,localhost', no_proxy: '127.0.0.1,::1,localhost' },
    globalSetup: 'test/engine/ready.ts',
    include: ['test/**/*.test.ts'],
    // The tests run a real model, which may take a while on a slow machine that is busy with something else.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
