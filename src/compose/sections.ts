/** Documents that every layer can add sections to: the folder of the sections, and the file that they form. */
const documents: ReadonlyMap<string, string> = new Map([
  ['readme', 'README.md'],
  ['agents', 'AGENTS.md'],
])

export interface SectionPlace {
  /** The file that the section belongs to. */
  document: string
  /** File name in the layer, `NN-name.md`, which determines the order. */
  name: string
}

export interface Section extends SectionPlace {
  layer: string
  text: string
}

/** Returns the place of a section (`readme/10-engine.md`); undefined for any other path of a layer. */
export function sectionOf(path: string): SectionPlace | undefined {
  const slash = path.indexOf('/')
  const folder = path.slice(0, Math.max(0, slash))
  const document = documents.get(folder)
  if (document === undefined) return undefined
  const name = path.slice(slash + 1)
  if (!/^\d\d-[a-z0-9-]+\.md$/.test(name)) {
    throw new Error(`A section is called ${folder}/NN-name.md or ${folder}/NN-name.md.hbs, not ${path}`)
  }
  return { document, name }
}

/**
 * Joins the sections of all layers into documents, separated by blank lines.
 *
 * @throws Error if two sections of a document have the same name.
 */
export function joinSections(sections: readonly Section[]): Map<string, string> {
  const joined = new Map<string, string>()
  const seen = new Map<string, string>()
  const sorted = [...sections].sort((one, other) => (one.name < other.name ? -1 : 1))
  for (const section of sorted) {
    const key = `${section.document}/${section.name}`
    const other = seen.get(key)
    if (other !== undefined)
      throw new Error(`Two layers write the section ${key}: ${other} and ${section.layer}`)
    seen.set(key, section.layer)
    const content = section.text.trim()
    // The section is empty for these answers.
    if (content === '') continue
    const before = joined.get(section.document)
    const text = `${content}\n`
    joined.set(section.document, before === undefined ? text : `${before}\n${text}`)
  }
  return joined
}
