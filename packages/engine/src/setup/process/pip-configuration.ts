import { type ProcessOptions, runForOutput } from './child-process.ts'
import { pipListing, pipVariables } from './pip-listing.ts'

/** Returns the options for a program that runs the pip of a Python: its environment keeps pip from the user's settings. */
export async function pipOptions(python: string, options: ProcessOptions): Promise<ProcessOptions> {
  const { environment } = options
  const result = await runForOutput(python, ['-c', pipListing], environment, 60_000)
  const listing = 'output' in result ? result.output : undefined
  return { ...options, environment: { ...environment, ...pipVariables(listing, environment) } }
}
