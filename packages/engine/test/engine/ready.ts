/** Vitest's globalSetup: without the Python environment no test can say anything, so this says what to do. */
import { EngineError } from '../../src/engine/index.ts'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'

export function setup(): void {
  try {
    findInterpreter(findProject(import.meta.dirname))
  } catch (error) {
    if (!EngineError.isInstance(error)) throw error
    console.error(`The tests run a real model.\n${error.describe()}`)
    process.exit(1)
  }
}
