/** What package.json of a published package has, and what of it is for this repository alone. */

/** Keys that nobody needs who installs a package. */
export const repositoryKeys = ['scripts', 'devDependencies', 'workspaces', 'allowScripts']

/**
 * The manifest of a package for npm. In the repository all are private, so that npm publishes nothing that was not packed for it:
 * a build from a checkout lacks the addresses below, and carries packages in place of naming their versions.
 *
 * @param repository `owner/name` on GitHub: provenance is refused where package.json does not name the repository whose
 * workflow publishes, and this one does not know its own address.
 * @param folder of the package in the repository, where that is not its root.
 * @throws Error when the repository is not `owner/name`.
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
