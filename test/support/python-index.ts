/** A local Python package index that packages can be uploaded to and installed from. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'

/** The version on PyPI. It is updated by hand. */
const pypiserver = 'pypiserver==2.4.2'

/** Serves a folder on a port that the system chooses, and prints the port. Anyone may upload. */
const program = `
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
import pypiserver

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

app = pypiserver.app(roots=[sys.argv[1]], authenticate=[], password_file=".", disable_fallback=True)
server = make_server("127.0.0.1", 0, app, server_class=Server, handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
`

export interface PythonIndex extends AsyncDisposable {
  /** The address for uploads, with a trailing slash. */
  readonly url: string
  /** The address that pip and uv install from. */
  readonly simpleUrl: string
}

/** Starts pypiserver. @param folder where it keeps the packages. */
export async function startPythonIndex(folder: string): Promise<PythonIndex> {
  const tool = ['tool', 'run', '--quiet', '--exclude-newer', dateText(lockDate()), '--from', pypiserver]
  const server = execa(await obtainUv(), [...tool, 'python', '-c', program, folder], {
    buffer: false,
    reject: false,
    stderr: 'inherit',
  })
  const lines = createInterface({ input: server.stdout })
  const [port] = await Promise.race([
    once(lines, 'line'),
    once(server, 'exit').then(() => Promise.reject(new Error('pypiserver ended'))),
  ])
  const url = `http://127.0.0.1:${port}/`
  return {
    url,
    simpleUrl: `${url}simple/`,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGTERM')
      await server
    },
  }
}

/** Uploads wheels and source distributions to an index. @throws Error if it has one of them already. */
export async function uploadPython(index: PythonIndex, paths: readonly string[]): Promise<void> {
  const access = ['--username', 'any', '--password', 'any']
  await execa(await obtainUv(), ['publish', '--quiet', '--publish-url', index.url, ...access, ...paths])
}
