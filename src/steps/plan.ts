import { type Answers, layersFor } from '../choices.ts'
import { compose } from '../compose/compose.ts'
import { renderContext } from '../compose/context.ts'
import { readLayers, type TemplateSource } from '../compose/layers.ts'
import { projectRecord, recordName, recordText } from '../project/record.ts'

/**
 * All files of a project, its record among them, by path (with `/`).
 *
 * @param version of this tool, for the record and the README.
 */
export async function planProject(
  answers: Answers,
  source: TemplateSource,
  version: string,
): Promise<Map<string, Uint8Array>> {
  const layers = await readLayers(source, layersFor(answers))
  const files = compose(layers, renderContext(answers, version), source.versions())
  files.set(recordName, Buffer.from(recordText(projectRecord(version, answers, files))))
  return files
}
