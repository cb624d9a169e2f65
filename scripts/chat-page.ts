/** Builds the chat page, for the server in TypeScript and the one in Python. */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const packages = fileURLToPath(new URL('../packages/', import.meta.url))
const chatPage = join(packages, 'chat-page')
const built = join(chatPage, 'dist')
/** Where the Python server reads the page from. Git ignores this folder, and uv puts it into the wheel. */
const pythonFolder = join(packages, 'engine/python/src/mlx_app/server/page')

/** Builds the chat page and copies it into the Python package. Returns the folder of the build. */
export async function buildChatPage(): Promise<string> {
  await execa('vite', ['build', '--logLevel', 'warn'], {
    cwd: chatPage,
    preferLocal: true,
    // Vitest sets this to test, with which the page would get React's development build.
    env: { NODE_ENV: 'production' },
  })
  copyPageToPython()
  return built
}

/** Copies the last build of the page into the Python package. */
export function copyPageToPython(): void {
  rmSync(pythonFolder, { recursive: true, force: true })
  cpSync(built, pythonFolder, { recursive: true })
}
