/** A Python package and mlx-app on an index of their own: uploaded with uv and twine, and installed with pip and uv. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { version } from '../../src/version.ts'
import { answerTo } from '../support/hello.ts'
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts'
import { pythonCommandEnvironment, writePythonProject } from '../support/python-project.ts'

const folder = mkdtempSync(join(tmpdir(), 'create mlx index é '))
const project = join(folder, 'my-package')
const question = 'Say hello.'
let environment: NodeJS.ProcessEnv
let index: PythonIndex

/** Runs a command line that must succeed. @returns what it printed to standard output. */
async function run(commands: string, cwd = folder): Promise<string> {
  const { exitCode, stdout, all } = await execa('sh', ['-ec', commands], {
    cwd,
    env: environment,
    all: true,
    reject: false,
  })
  expect(exitCode, `${commands}\n${all}`).toBe(0)
  return stdout
}

beforeAll(async () => {
  environment = { ...(await pythonCommandEnvironment()), MLX_MODEL: 'hello' }
  await writePythonProject(project)
  const packages = join(folder, 'packages')
  mkdirSync(packages)
  index = await startPythonIndex(packages)
  environment.UPLOAD = index.url
  environment.INDEX = index.simpleUrl
  await run('uv build --quiet', project)
  await run('uv publish --publish-url "$UPLOAD" --username a --password b vendor/*.whl', project)
  await run(
    'uvx twine upload --non-interactive --disable-progress-bar --repository-url "$UPLOAD" --username a --password b dist/*',
    project,
  )
  // The index has no dates for its files.
  delete environment.UV_EXCLUDE_NEWER
})
afterAll(async () => {
  await index?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('uv installs the package with an extra, and its command answers', async () => {
  const constraint = '--constraint my-package/requirements-dev.lock'
  await run('uv venv --quiet uv-environment')
  // Without its first entry, which is the file in vendor/.
  await run("sed -i '/vendor/,/--hash/d' my-package/requirements-dev.lock")
  await run(
    `VIRTUAL_ENV=uv-environment uv pip install --quiet --index "$INDEX" ${constraint} "my-package[server]"`,
  )
  expect(await run(`uv-environment/bin/my-package ask "${question}"`)).toBe(answerTo(question))
  const list = await run('VIRTUAL_ENV=uv-environment uv pip list --format json')
  expect(JSON.parse(list)).toEqual(
    expect.arrayContaining([
      { name: 'my-package', version: '0.1.0' },
      { name: 'mlx-app', version },
      expect.objectContaining({ name: 'uvicorn' }),
    ]),
  )
})

test('pip installs the same files', async () => {
  await run('python3 -m venv pip-environment')
  const pip = 'pip-environment/bin/python -m pip'
  await run(`${pip} install --quiet --no-deps --only-binary :all: --index-url "$INDEX" my-package mlx-app`)
  const find = `-c "import importlib.util as u; print(*[u.find_spec(n).origin for n in ('my_package', 'mlx_app')], sep='\\n')"`
  const [own = '', engine = ''] = (await run(`pip-environment/bin/python ${find}`)).split('\n')
  const [ownByUv = '', engineByUv = ''] = (await run(`uv-environment/bin/python ${find}`)).split('\n')
  expect(readFileSync(own)).toEqual(readFileSync(ownByUv))
  expect(readFileSync(engine)).toEqual(readFileSync(engineByUv))
})

test('the source distribution on the index has the tests, and leaves vendor/ out', async () => {
  const list = await run('tar -tzf packages/my_package-0.1.0.tar.gz')
  expect(list).toContain('my_package-0.1.0/tests/')
  expect(list).not.toContain('vendor')
})

test('an installed wheel keeps to the version of mlx-app', async () => {
  const metadata = await run(
    "uv-environment/bin/python -c \"import importlib.metadata as m; print(*m.requires('my-package'), sep='\\n')\"",
  )
  expect(metadata.split('\n')).toContain(`mlx-app==${version}`)
})
