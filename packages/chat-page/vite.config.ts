import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.SERVER_URL ?? 'http://127.0.0.1:8000'

/** In development the API is the one of a running server, which refuses what comes from another origin. */
const proxy = { target: server, changeOrigin: true, headers: { origin: server } }

export default defineConfig({
  // Relative, so that the page also works from a folder or an app's own protocol.
  base: './',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The page's policy allows no inline script; every asset stays a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': proxy, '/api': proxy } },
})
