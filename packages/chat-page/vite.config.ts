import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.SERVER_URL ?? 'http://127.0.0.1:8000'

/** In development, the API is that of a running server, which rejects requests from other origins. */
const proxy = { target: server, changeOrigin: true, headers: { origin: server } }

export default defineConfig({
  // Relative URLs also work from a folder or an app's own protocol.
  base: './',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The page's Content-Security-Policy forbids inline scripts, so every asset stays a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': proxy, '/api': proxy } },
})
