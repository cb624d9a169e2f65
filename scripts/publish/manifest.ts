/** Creates the package.json of published packages. */

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
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) throw new Error(`"${repository}" is not owner/name`)
  const page = `https://github.com/${repository}`
  const { private: _, ...kept } = manifest
  return {
    ...kept,
    repository: { type: 'git', url: `git+${page}.git`, ...(folder !== undefined && { directory: folder }) },
    homepage: folder === undefined ? `${page}#readme` : `${page}/tree/main/${folder}#readme`,
    bugs: { url: `${page}/issues` },
    publishConfig: { access: 'public', provenance: true },
  }
}
