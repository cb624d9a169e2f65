/** The tool as it is published, made beside the work tree, so that nothing else can build there at the same time. */
import { packPackage } from '../../scripts/publish/package.ts'

/** Builds and packs the tool. @param folder where the tarball comes to. @returns its path. */
export async function packedTool(folder: string): Promise<string> {
  return (await packPackage(folder)).tarball
}
