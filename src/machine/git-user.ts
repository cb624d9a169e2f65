import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Returns git's user.name for a folder; undefined without git or without a name. */
export async function gitUserName(workingDirectory: string): Promise<string | undefined> {
  const { execFile } = await import('node:child_process')
  return await new Promise((resolve) => {
    execFile('git', ['config', 'user.name'], { cwd: workingDirectory, timeout: 3000 }, (error, stdout) => {
      const name = stdout.trim().split('\n')[0]
      resolve(error === null && name ? name : undefined)
    })
  })
}

/**
 * Returns the user.name in git's global configuration without starting git, which would take longer than writing the
 * project. It follows no `include`; undefined if the files have no name.
 */
export function userNameInGitConfig(environment: NodeJS.ProcessEnv): string | undefined {
  const home = environment.HOME ?? homedir()
  const files =
    environment.GIT_CONFIG_GLOBAL === undefined
      ? [
          join(home, '.gitconfig'),
          join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'git', 'config'),
        ]
      : [environment.GIT_CONFIG_GLOBAL]
  return files.map(readUserName).find((name) => name !== undefined)
}

function readUserName(path: string): string | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // There is no such file, or this user may not read it.
    return undefined
  }
  let section = ''
  let name: string | undefined
  for (const line of text.split('\n')) {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim().toLowerCase() ?? section
    const value = /^\s*name\s*=\s*(.*)$/i.exec(line)?.[1]
    // The last one counts, as for git.
    if (section === 'user' && value !== undefined) name = unquote(value)
  }
  return name || undefined
}

/** Returns a value without quotes, and without a comment outside of them. */
function unquote(value: string): string {
  const parts = value.match(/"(?:\\.|[^"\\])*"|\\.|[^"#;\\]|[#;].*/g) ?? []
  return parts
    .filter((part) => !/^[#;]/.test(part))
    .join('')
    .trim()
    .replace(/"((?:\\.|[^"\\])*)"/g, '$1')
    .replace(/\\(.)/g, '$1')
}
