import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify, type TomlTable } from 'smol-toml'
import { EngineError } from '../../engine/index.ts'
import { isKeptOption, type Project } from '../../engine/project/index.ts'
import { makeOwnFolder } from './own-folder.ts'

/**
 * Returns the variables that keep uv from the configuration of parent folders, and from all settings of the user but
 * indexes, mirrors and the like, which go to a file in `.mlx`.
 *
 * @param project the project with that folder. Without one, uv gets no configuration, and no file is written.
 * @throws EngineError INVALID_REQUEST if a configuration can't be read.
 */
export function uvConfiguration(
  environment: NodeJS.ProcessEnv,
  project?: Pick<Project, 'environmentFile'>,
): NodeJS.ProcessEnv {
  const kept = project === undefined ? {} : readKept(environment)
  if (project === undefined || Object.keys(kept).length === 0) {
    return { UV_NO_CONFIG: '1', UV_CONFIG_FILE: undefined }
  }
  try {
    const path = join(makeOwnFolder(project), 'uv.toml')
    // An index may have a password in its URL.
    const part = `${path}.${process.pid}`
    writeFileSync(part, stringify(kept), { mode: 0o600 })
    renameSync(part, path)
    return { UV_CONFIG_FILE: path }
  } catch {
    // The project is read-only, so nothing is installed.
    return { UV_NO_CONFIG: '1', UV_CONFIG_FILE: undefined }
  }
}

/** Returns what uv may learn from the configuration of the system and of the user. The user's values take precedence. */
function readKept(environment: NodeJS.ProcessEnv): TomlTable {
  const { UV_CONFIG_FILE, XDG_CONFIG_DIRS, XDG_CONFIG_HOME, HOME = homedir() } = environment
  const files = UV_CONFIG_FILE
    ? [UV_CONFIG_FILE]
    : [
        [...(XDG_CONFIG_DIRS || '/etc/xdg').split(':'), '/etc'],
        [XDG_CONFIG_HOME || join(HOME, '.config')],
      ].flatMap((folders) => folders.map((folder) => join(folder, 'uv', 'uv.toml')).find(existsSync) ?? [])
  return files.map((file) => keepOptions(readToml(file))).reduce(combine, {})
}

/** Lists, such as those of indexes, are joined as uv does it: the user's entries come first. */
function combine(system: TomlTable, user: TomlTable): TomlTable {
  const entries = Object.entries(user).map(([name, value]) => {
    const below = system[name]
    return [name, Array.isArray(value) && Array.isArray(below) ? [...value, ...below] : value]
  })
  return { ...system, ...Object.fromEntries(entries) }
}

function keepOptions(table: TomlTable): TomlTable {
  const entries = Object.entries(table).flatMap(([name, value]) => {
    if (name !== 'pip') return isKeptOption('uv', name) ? [[name, value]] : []
    const ofPip = keepOptions(value as TomlTable)
    return Object.keys(ofPip).length === 0 ? [] : [[name, ofPip]]
  })
  return Object.fromEntries(entries)
}

function readToml(file: string): TomlTable {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new EngineError('INVALID_REQUEST', `uv's configuration ${file} can't be read: ${reason}`, {
      hint: 'Correct the file, or set UV_CONFIG_FILE to another one',
      cause: error,
    })
  }
}
