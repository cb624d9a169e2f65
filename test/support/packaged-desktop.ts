/** Packages a desktop app with a vendored Python, for this machine. */
import { dirname, join } from 'node:path'
import { findElectron } from './desktop-app.ts'
import { runInDesktop } from './desktop-environment.ts'
import { writeLinuxElectron } from './electron/distribution.ts'
import { relocatablePython } from './relocatable-python.ts'

/**
 * Runs the scripts `vendor` and `package` of an installed project that is named `my-desk`.
 *
 * @returns the path of the packaged program. Without Electron on this machine, it only has the layout.
 * @throws Error with the output of a script that fails.
 */
export async function packageDesktop(project: string): Promise<string> {
  const python = relocatablePython()
  try {
    await runScript(project, 'vendor', '--python', python.folder)
  } finally {
    python.remove()
  }
  const electron = findElectron(project)
  const distribution = electron === undefined ? join(dirname(project), 'electron') : distributionOf(electron)
  if (electron === undefined) writeLinuxElectron(distribution)
  await runScript(project, 'package', '--dir', `-c.electronDist=${distribution}`)
  return process.platform === 'darwin'
    ? join(project, 'dist', `mac-${process.arch}`, 'My Desk.app', 'Contents', 'MacOS', 'My Desk')
    : join(project, 'dist', 'linux-unpacked', 'my-desk')
}

/** Returns the folder with Electron's program, or on macOS with its bundle. */
function distributionOf(electron: string): string {
  const [bundles] = electron.split('/Electron.app/')
  return process.platform === 'darwin' && bundles !== undefined ? bundles : dirname(electron)
}

async function runScript(project: string, name: string, ...flags: readonly string[]): Promise<void> {
  const { all, exitCode } = await runInDesktop(project, 'npm', ['run', name, '--', ...flags])
  if (exitCode !== 0) throw new Error(`npm run ${name} failed with ${exitCode}:\n${all}`)
}
