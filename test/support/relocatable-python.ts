/**
 * A CPython that can be moved, as the ones that uv downloads: Debian's own, copied out of its packages. Builds of
 * python-build-standalone are not on the registries that tests use.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const debianPython = '/usr/bin/python3'

/** Why there is no such Python on this machine; undefined if there is one. */
export const noRelocatablePython: string | undefined =
  existsSync('/usr/bin/dpkg') && existsSync(debianPython) && process.arch === 'x64'
    ? undefined
    : "Needs Debian's python3 on x86-64"

export interface RelocatablePython {
  /** The folder with bin/python3. */
  folder: string
  /** The version, such as 3.11.2. */
  version: string
  /** The minor version, such as 11. */
  minor: number
  /** The value of UV_PYTHON_DOWNLOADS_JSON_URL with which `uv python install` installs it. */
  downloads: string
  /** Makes another list of downloads, whose hash of the archive is wrong. @returns its URL. */
  wrongHash(): string
  remove(): void
}

/** Copies the interpreter and the standard library out of Debian's packages, and packs them as uv expects it. */
export function relocatablePython(): RelocatablePython {
  const version = execFileSync(debianPython, ['-c', 'import platform; print(platform.python_version())'], {
    encoding: 'utf8',
  }).trim()
  const [, minor = ''] = version.split('.')
  const parent = mkdtempSync(join(tmpdir(), 'relocatable-python-'))
  const folder = join(parent, 'python')
  const packages = [`python3.${minor}-minimal`, `libpython3.${minor}-minimal`, `libpython3.${minor}-stdlib`]
  const listed = execFileSync('dpkg', ['-L', ...packages], { encoding: 'utf8' }).split('\n')
  for (const path of listed) {
    const wanted = path === `/usr/bin/python3.${minor}` || path.startsWith(`/usr/lib/python3.${minor}/`)
    // A link to /etc would lead out of the folder.
    if (!wanted || lstatSync(path).isDirectory() || basename(path) === 'sitecustomize.py') continue
    const copy = join(folder, path.slice('/usr/'.length))
    mkdirSync(dirname(copy), { recursive: true })
    cpSync(path, copy, { verbatimSymlinks: true })
  }
  for (const name of ['python3', 'python']) symlinkSync(`python3.${minor}`, join(folder, 'bin', name))
  const archive = join(parent, 'cpython.tar.gz')
  execFileSync('tar', ['-C', parent, '-czf', archive, 'python'])
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex')
  const writeList = (name: string, hash: string) => {
    const path = join(parent, name)
    writeFileSync(path, JSON.stringify(downloadList(version, pathToFileURL(archive).href, hash)))
    return pathToFileURL(path).href
  }
  return {
    folder,
    version,
    minor: Number(minor),
    downloads: writeList('downloads.json', sha256),
    wrongHash: () => writeList('wrong-hash.json', '0'.repeat(64)),
    remove: () => rmSync(parent, { recursive: true, force: true }),
  }
}

/** The list of downloads in the format of uv. */
function downloadList(version: string, url: string, sha256: string): object {
  const [major, minor, patch] = version.split('.').map(Number)
  return {
    [`cpython-${version}-linux-x86_64-gnu`]: {
      name: 'cpython',
      arch: { family: 'x86_64', variant: null },
      os: 'linux',
      libc: 'gnu',
      ...{ major, minor, patch },
      prerelease: '',
      url,
      sha256,
      variant: null,
      build: '1',
    },
  }
}
