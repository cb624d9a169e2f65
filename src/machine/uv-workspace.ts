import { dirname, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { foldersUpFrom, pathBelow, textOf } from './folders.ts'

/**
 * Checks that uv takes a folder for a project of its own, and not for a member of a workspace above.
 *
 * @throws UsageError with what to change.
 */
export async function requireNoUvWorkspace(project: string): Promise<void> {
  for (const root of foldersUpFrom(dirname(project))) {
    const file = join(root, 'pyproject.toml')
    const text = textOf(file)
    // Most have no workspace, and need not be parsed.
    if (!text?.includes('workspace')) continue
    const { includes, uvWorkspace } = await import('./workspace-lists.ts')
    const workspace = uvWorkspace(text)
    if (workspace === undefined) continue
    const { members, exclude } = workspace
    const folder = pathBelow(root, project)
    if (!includes(members, folder) || includes(exclude, folder)) return
    const list = [...exclude, folder].map((name) => JSON.stringify(name)).join(', ')
    throw new UsageError(`uv would take ${project} for a member of the workspace in ${root}.`, {
      hints: [
        `Write this below [tool.uv.workspace] in ${file}, and run the command again: exclude = [${list}]`,
        'Or choose another folder.',
      ],
    })
  }
}
