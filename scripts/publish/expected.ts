/** The requirements for each published package, for `scripts/publish/checks.ts`. */
import { dependencyKeys, type Expected } from './checks.ts'
import { engineFiles, serverFiles, toolFiles, vendoredToolFiles } from './contents.ts'

const toolStart: Expected['start'] = {
  argument: '--version',
  prints: (version) => new RegExp(`^${version.replaceAll('.', '\\.')}$`),
}
const packageStart: Expected['start'] = { argument: '--help', prints: () => /Usage:/ }

/** npm does not publish private packages, and needs the repository for provenance. */
const published = { keys: ['repository', 'publishConfig'], noKeys: ['private'] }

/** Returns the requirements for the packages of a release by name. */
export async function expectedOfRelease(): Promise<Map<string, Expected>> {
  return new Map([
    ['mlx-app', { ...published, files: await engineFiles(), start: packageStart }],
    ['mlx-app-server', { ...published, files: serverFiles(), start: packageStart }],
    ['create-mlx-app', expectedOfReleasedTool()],
  ])
}

/** Returns the requirements for the released tool, which has no dependencies. */
export function expectedOfReleasedTool(): Expected {
  return {
    ...published,
    files: toolFiles,
    noKeys: [...published.noKeys, ...dependencyKeys],
    start: toolStart,
  }
}

/** Returns the requirements for the tool from a checkout, which includes the packages. */
export async function expectedOfVendoredTool(): Promise<Expected> {
  return {
    files: await vendoredToolFiles(),
    keys: ['private'],
    noKeys: ['publishConfig', ...dependencyKeys],
    start: toolStart,
  }
}
