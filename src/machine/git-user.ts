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
