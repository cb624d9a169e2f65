import { execFile } from 'node:child_process'

/** The name that git signs commits with here; undefined without git or without a name. */
export function gitUserName(workingDirectory: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('git', ['config', 'user.name'], { cwd: workingDirectory, timeout: 3000 }, (error, stdout) => {
      const name = stdout.trim().split('\n')[0]
      resolve(error === null && name ? name : undefined)
    })
  })
}
