/** The built tool, held in the middle of writing: at one call of the file system, until a test lets it go on. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { temporaryFolder } from './folders.ts'

/** Written by the tool when it is held. */
export const pausedMark = 'held-here'

export interface PausedTool {
  /** For the tool's process. */
  environment: NodeJS.ProcessEnv
  release(): void
}

/**
 * @param method of node:fs, which the tool calls synchronously.
 * @param nth its call that is held, counted from 1.
 */
export function pauseToolAt(method: string, nth: number): PausedTool {
  const folder = temporaryFolder('paused')
  const key = join(folder, 'go-on')
  const module = join(folder, 'pause.mjs')
  writeFileSync(
    module,
    `import fs from 'node:fs'
const { ${method}: real, existsSync, writeSync } = fs
let calls = 0
fs.${method} = (...parameters) => {
  const result = real(...parameters)
  calls++
  if (calls === ${nth}) {
    writeSync(1, ${JSON.stringify(pausedMark)})
    const cell = new Int32Array(new SharedArrayBuffer(4))
    while (!existsSync(${JSON.stringify(key)})) Atomics.wait(cell, 0, 0, 5)
  }
  return result
}
`,
  )
  return {
    environment: { NODE_OPTIONS: `--import=${pathToFileURL(module)}` },
    release: () => {
      if (existsSync(folder)) writeFileSync(key, '')
    },
  }
}
