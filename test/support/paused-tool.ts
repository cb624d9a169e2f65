/** Pauses the tool at a file system call until a test resumes it. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { temporaryFolder } from './folders.ts'

/** Printed by the tool when it pauses. */
export const pausedMark = 'paused-here'

export interface PausedTool {
  /** The environment for the process of the tool. */
  environment: NodeJS.ProcessEnv
  resume(): void
}

/**
 * Returns an environment in which the tool pauses.
 *
 * @param method a synchronous function of node:fs.
 * @param nth the call at which to pause, counted from 1.
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
    resume: () => {
      if (existsSync(folder)) writeFileSync(key, '')
    },
  }
}
