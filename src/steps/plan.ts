import { type Answers, layersFor, packagesFor } from '../choices.ts'
import { compose } from '../compose/compose.ts'
import { renderContext } from '../compose/context.ts'
import { readLayers, type TemplateSource } from '../compose/layers.ts'
import { vendorLayer } from '../compose/vendor.ts'
import { packageVersions } from '../packages.ts'
import { projectRecord, recordName, recordText } from '../project/record.ts'

/**
 * Returns all files of a project, including its record, by path (with `/`).
 *
 * @param version of this tool, for the record and the README. The packages in the registry have the same one.
 */
export async function planProject(
  answers: Answers,
  source: TemplateSource,
  version: string,
): Promise<Map<string, Uint8Array>> {
  const layers = await readLayers(source, layersFor(answers))
  const packages = packagesFor(answers)
  const carried = source.carried.filter(({ name }) => packages.includes(name))
  const versions = new Map([...source.versions(), ...packageVersions(packages, carried, version)])
  const context = renderContext(answers, version, carried, source.wheelSha256)
  const files = compose([...layers, vendorLayer(carried)], context, versions)
  files.set(recordName, Buffer.from(recordText(projectRecord(version, answers, files))))
  return files
}
