import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createEngine, type Engine } from '../../src/engine/index.ts'
import { findInterpreter, findProject, scriptCommand } from '../../src/engine/project/index.ts'
import { answerTo, ask, makeProject, story, useFolder, writeScript } from './support.ts'

const folder = useFolder()
const python = findInterpreter(findProject(import.meta.dirname)).python

afterEach(() => {
  vi.unstubAllEnvs()
})

function script(name: string, text: string): string {
  return writeScript(join(folder.path, name), text)
}

/** A folder of Python modules that stand in front of the installed ones. */
function modules(name: string, files: Record<string, string>): string {
  const path = join(folder.path, name)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(path, file, '..'), { recursive: true })
    writeFileSync(join(path, file), text)
  }
  return path
}

async function failure(options: Parameters<typeof createEngine>[0]): Promise<unknown> {
  try {
    await (await createEngine(options)).dispose()
  } catch (error) {
    return error
  }
  throw new Error('It started.')
}

describe('an incomplete setup has an error code and a command that fixes it', () => {
  test('no environment', async () => {
    vi.stubEnv('MLX_PYTHON', '')
    vi.stubEnv('MLX_SERVING_PYTHON_PATH', '')
    const project = modules('not set up', {})
    mkdirSync(project, { recursive: true })
    writeFileSync(join(project, 'mlx.config.json'), JSON.stringify({ model: 'hello' }))
    expect(await failure({ project })).toMatchObject({
      code: 'SETUP_NEEDED',
      hint: `Run: ${scriptCommand('setup')}`,
    })
  })

  test('an interpreter that does not exist', async () => {
    for (const variable of ['MLX_PYTHON', 'MLX_SERVING_PYTHON_PATH']) {
      vi.stubEnv('MLX_PYTHON', '')
      vi.stubEnv(variable, '/nowhere/python')
      expect(await failure({})).toMatchObject({ code: 'PYTHON_NOT_FOUND' })
    }
    expect(await failure({ python: 'no-python-of-this-name' })).toMatchObject({ code: 'PYTHON_NOT_FOUND' })
  })

  test('a Python that is too old', async () => {
    // The real worker under a real Python that says it is 3.9: what Apple ships.
    const old = script(
      'python3.9',
      `exec "${python}" -c "import sys, runpy; sys.version_info = (3, 9, 6, 'final', 0); runpy.run_module('mlx_app.worker', run_name='__main__')"`,
    )
    const error = await failure({ python: old })
    expect(error).toMatchObject({ code: 'PYTHON_TOO_OLD' })
    expect(error).toHaveProperty('message', expect.stringMatching(/3\.9\.6.*3\.11/))
    expect(error).toHaveProperty('hint', expect.stringContaining(scriptCommand('setup')))
  })

  test('a Python without MLX', async () => {
    const bare = script('bare', `exec "${realpathSync(python)}" -I -S "$@"`)
    const without = script(
      'without',
      `exec "${realpathSync(python)}" -S -c "import sys, runpy; sys.path.insert(0, '$PYTHONPATH'); runpy.run_module('mlx_app.worker', run_name='__main__')"`,
    )
    expect(await failure({ python: without })).toMatchObject({ code: 'SETUP_NEEDED' })
    expect(await failure({ python: bare })).toMatchObject({ code: 'SETUP_NEEDED' })
  })

  test('a Python without mlx-lm', async () => {
    const path = modules('no mlx-lm', {
      'sitecustomize.py': `import sys\nsys.modules['mlx_lm'] = None\n`,
    })
    vi.stubEnv('PYTHONPATH', path)
    expect(await failure({ python })).toMatchObject({ code: 'SETUP_NEEDED' })
  })

  test('an MLX of another system, which imports but does not compute', async () => {
    vi.stubEnv('PYTHONPATH', modules('hollow', { 'mlx/core.py': '' }))
    expect(await failure({ python })).toMatchObject({
      code: 'MLX_NOT_WORKING',
      hint: `Run: ${scriptCommand('doctor')}`,
    })
  })

  test('a program that is not Python: its output is in the message', async () => {
    const broken = script('broken', 'echo "library not loaded" >&2; exit 3')
    const error = await failure({ python: broken })
    expect(error).toMatchObject({ code: 'WORKER_EXITED' })
    expect(error).toHaveProperty('message', expect.stringMatching(/exit code 3.*library not loaded/s))
  })

  test('a GPU that does not exist', async () => {
    const error = await createEngine({ device: 'gpu' }).then(
      (engine) => engine.status().finally(() => engine.dispose()),
      (reason: unknown) => reason,
    )
    // A machine with one starts; any other says so.
    if (error instanceof Error) expect(error).toMatchObject({ code: 'MLX_NOT_WORKING' })
    else expect(error).toMatchObject({ device: 'gpu' })
  })
})

test('libraries that print before and after the start do no harm', async () => {
  const log: string[] = []
  const path = modules('noisy', {
    'sitecustomize.py': `
import os, sys, threading
print("a site hook prints")
def chatter():
    while True:
        print('{"type": "done"}', flush=True)
        os.write(1, b"raw noise\\n")
        threading.Event().wait(0.001)
class Hook:
    def find_spec(self, name, path=None, target=None):
        if name == "mlx_lm":
            sys.meta_path.remove(self)
            threading.Thread(target=chatter, daemon=True).start()
sys.meta_path.insert(0, Hook())
`,
  })
  vi.stubEnv('PYTHONPATH', path)
  await using engine: Engine = await createEngine({ python, device: 'cpu', onLog: (line) => log.push(line) })
  expect((await engine.complete(ask(story))).text).toBe(answerTo(story))
  expect((await engine.status()).crashes).toBe(0)
  expect(log).toContain('a site hook prints')
  expect(log).toContain('raw noise')
})

test('a project in a folder with a space and an accent, started from elsewhere', async () => {
  const project = makeProject(join(folder.path, 'a project'))
  await using engine = await createEngine({ project, python, device: 'cpu' })
  expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
})

test('environment variables override the model and device of mlx.config.json', () => {
  const config = { model: 'one', revision: 'main', device: 'gpu' }
  const project = modules('configured', { 'mlx.config.json': JSON.stringify(config) })
  vi.stubEnv('MLX_MODEL', '')
  vi.stubEnv('MLX_DEVICE', '')
  expect(findProject(project).config).toMatchObject(config)
  vi.stubEnv('MLX_DEVICE', 'cpu')
  expect(findProject(project).config).toMatchObject({ ...config, device: 'cpu' })
  vi.stubEnv('MLX_MODEL', 'two')
  expect(findProject(project).config).toMatchObject({ model: 'two', device: 'cpu' })
  expect(findProject(project).config.revision).toBeUndefined()
  vi.stubEnv('MLX_DEVICE', 'tpu')
  expect(() => findProject(project)).toThrow('MLX_DEVICE is "tpu", but must be auto, gpu or cpu.')
})
