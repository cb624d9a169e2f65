/** Creates the package.json of packages for npm, and the pyproject.toml of the package for PyPI. */

/** The keys of package.json that are only used in this repository. */
export const repositoryKeys = ['scripts', 'devDependencies', 'workspaces', 'allowScripts']

/**
 * Returns the manifest of a package for npm. In the repository, all packages are private, so that a build from a checkout can't
 * be published by mistake.
 *
 * @param repository `owner/name` on GitHub. npm only accepts provenance if package.json names the repository whose workflow
 * publishes the package.
 * @param folder the folder of the package in the repository, or undefined for the root.
 * @throws Error if the repository is not `owner/name`.
 */
export function manifestForNpm(
  manifest: Readonly<Record<string, unknown>>,
  repository: string,
  folder: string | undefined,
): Record<string, unknown> {
  const page = pageOf(repository)
  const { private: _, ...kept } = manifest
  return {
    ...kept,
    repository: { type: 'git', url: `git+${page}.git`, ...(folder !== undefined && { directory: folder }) },
    homepage: folder === undefined ? `${page}#readme` : `${page}/tree/main/${folder}#readme`,
    bugs: { url: `${page}/issues` },
    publishConfig: { access: 'public', provenance: true },
  }
}

/**
 * Returns the pyproject.toml of the Python package with the addresses that PyPI shows. PyPI marks them as verified if they are in
 * the repository whose workflow publishes the package.
 *
 * @param repository `owner/name` on GitHub.
 * @throws Error if the repository is not `owner/name`, or if the file has addresses already.
 */
export function pyprojectForPyPI(pyproject: string, repository: string): string {
  const page = pageOf(repository)
  const next = '\n[project.scripts]\n'
  if (pyproject.includes('[project.urls]') || !pyproject.includes(next))
    throw new Error('pyproject.toml must have [project.scripts], and no [project.urls]')
  const urls = {
    Homepage: `${page}#readme`,
    Documentation: `${page}/tree/main/packages/engine/docs`,
    Source: page,
    Issues: `${page}/issues`,
    Changelog: `${page}/blob/main/CHANGELOG.md`,
  }
  const lines = Object.entries(urls).map(([name, url]) => `${name} = ${JSON.stringify(url)}\n`)
  return pyproject.replace(next, () => `\n[project.urls]\n${lines.join('')}${next}`)
}

function pageOf(repository: string): string {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) throw new Error(`"${repository}" is not owner/name`)
  return `https://github.com/${repository}`
}
