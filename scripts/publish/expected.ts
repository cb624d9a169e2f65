/** What each unit must be like, for `scripts/publish/checks.ts`. */
import { dependencyKeys, type Expected } from './checks.ts'
import { engineFiles, serverFiles, toolFiles, vendoredToolFiles } from './contents.ts'

const toolStart: Expected['start'] = {
  argument: '--version',
  prints: (version) => new RegExp(`^${version.replaceAll('.', '\\.')}$`),
}
const packageStart: Expected['start'] = { argument: '--help', prints: () => /Usage:/ }

/** npm publishes no private package, and gives no provenance without the repository. */
const published = { keys: ['repository', 'publishConfig'], noKeys: ['private'] }

/** In a release, by name. */
export async function expectedOfRelease(): Promise<Map<string, Expected>> {
  return new Map([
    ['mlx-app', { ...published, files: await engineFiles(), start: packageStart }],
    ['mlx-app-server', { ...published, files: serverFiles(), start: packageStart }],
    ['create-mlx-app', expectedOfReleasedTool()],
  ])
}

/** Of the tool in a release: it runs as it is downloaded. */
export function expectedOfReleasedTool(): Expected {
  return {
    ...published,
    files: toolFiles,
    noKeys: [...published.noKeys, ...dependencyKeys],
    start: toolStart,
  }
}

/** Of the tool that carries the packages. */
export async function expectedOfVendoredTool(): Promise<Expected> {
  return {
    files: await vendoredToolFiles(),
    keys: ['private'],
    noKeys: ['publishConfig', ...dependencyKeys],
    start: toolStart,
  }
}
