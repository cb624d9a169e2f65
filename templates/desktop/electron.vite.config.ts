import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

export default defineConfig({
  // Packages are bundled, so the app ships without node_modules.
  main: { build: { externalizeDeps: false } },
  preload: {
    build: {
      externalizeDeps: false,
      // In the sandbox, a preload script is one CommonJS file.
      rolldownOptions: { output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: 'src/page',
    plugins: [react()],
    // Vite would otherwise look for PostCSS's configuration in the parent folders too.
    css: { postcss: {} },
    build: {
      rolldownOptions: { input: 'src/page/index.html' },
      // The Content-Security-Policy forbids inline scripts and styles, so every asset stays a file.
      assetsInlineLimit: 0,
      minify: true,
      modulePreload: { polyfill: false },
    },
  },
})
