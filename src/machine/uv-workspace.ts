import { readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { UsageError } from '../errors.ts'

/**
 * Checks that uv takes a folder for a project of its own, and not for a member of a workspace above.
 *
 * @throws UsageError with what to change.
 */
export async function requireNoUvWorkspace(project: string): Promise<void> {
  for (let root = dirname(project); ; root = dirname(root)) {
    const file = join(root, 'pyproject.toml')
    const text = textOf(file)
    // Most have no workspace, and need not be parsed.
    const lists = text.includes('workspace') ? await import('./workspace-lists.ts') : undefined
    const workspace = lists?.uvWorkspace(text)
    if (lists !== undefined && workspace !== undefined) {
      const { members, exclude } = workspace
      const folder = relative(root, project).split(sep).join('/')
      if (!lists.includes(members, folder) || lists.includes(exclude, folder)) return
      const list = [...exclude, folder].map((name) => JSON.stringify(name)).join(', ')
      throw new UsageError(`uv would take ${project} for a member of the workspace in ${root}.`, {
        hints: [
          `Write this below [tool.uv.workspace] in ${file}, and run the command again: exclude = [${list}]`,
          'Or choose another folder.',
        ],
      })
    }
    if (dirname(root) === root) return
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
