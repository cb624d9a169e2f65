/** Stops a script on a version of Node that Electron's tools don't support. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(`This project needs Node 22.12 or newer, and this is Node ${process.versions.node}.
Install a newer one from https://nodejs.org, then run the command again.`)
  process.exit(1)
}
