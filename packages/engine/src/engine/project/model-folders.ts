import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, isAbsolute, join, resolve } from 'node:path'
import type { Aliases } from '../aliases.ts'
import type { Project } from './project.ts'

/**
 * Returns the absolute path of a model that is named by a path (`./folder`, `~/folder`, `/folder`), or undefined for any
 * other name.
 *
 * @param from the folder that a relative path starts at
 */
export function modelFolder(model: string, from: string): string | undefined {
  if (/^~([/\\]|$)/.test(model)) return join(homedir(), model.slice(1))
  return isAbsolute(model) || /^\.\.?([/\\]|$)/.test(model) ? resolve(from, model) : undefined
}

/** Returns the folders of the models that the settings of a project name by path. */
export function modelFolders({ root, config }: Project, aliases: Aliases = config.aliases ?? {}): string[] {
  const targets = Object.values(aliases).flatMap((target) =>
    typeof target === 'string' ? target : target.map(({ model }) => model),
  )
  return [...new Set([config.model, ...targets].flatMap((model) => modelFolder(model, root) ?? []))]
}

/**
 * Returns the aliases with those of models that the settings name by path: each also has the name of its folder, unless
 * another model has that name.
 */
export function withFolderNames(project: Project, aliases: Aliases): Aliases {
  const free = modelFolders(project, aliases)
    .map((folder) => [basename(folder), folder] as const)
    .filter(([name]) => name !== 'hello' && !existsSync(join(project.modelsDirectory, name)))
  // The first folder of a name has it.
  return { ...Object.fromEntries(free.toReversed()), ...aliases }
}

/**
 * Returns the name by which the engine lists the model that a name stands for: a folder is an absolute path. Returns undefined
 * for an alias that splits its calls between models, and for one that stands for itself.
 */
export function loadedName(project: Project, name: string): string | undefined {
  const aliases = withFolderNames(project, project.config.aliases ?? {})
  const seen = new Set<string>()
  let model = name
  while (Object.hasOwn(aliases, model)) {
    const target = aliases[model]
    const only = typeof target === 'string' ? target : target?.length === 1 ? target[0]?.model : undefined
    if (only === undefined || seen.has(model)) return undefined
    seen.add(model)
    model = only
  }
  return modelFolder(model, project.root) ?? model
}
