/**
 * Runs the tests with a real model, SmolLM2-135M-Instruct, in both engines: `npm run test:real`. They take minutes on a CPU,
 * so `npm test` doesn't run them. Further arguments are passed to Vitest.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { ensureEnvironment } from '../environment.ts'
import { prepareSmollm } from './prepare.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { bits4, bits16 } = await prepareSmollm()
const env = {
  SMOLLM_4BIT: bits4,
  SMOLLM_16BIT: bits16,
  PYTHONPATH: [join(pythonDirectory, 'src'), join(pythonDirectory, 'tests')].join(':'),
}
const options = { env, reject: false, stdio: 'inherit' } as const
/** Each test takes so long that its result is shown at once. */
const shownAtOnce = ['--reporter', 'verbose']
const vitest = await execa(
  'npx',
  ['vitest', 'run', ...shownAtOnce, '--project', 'real', ...process.argv.slice(2)],
  {
    ...options,
    cwd: root,
  },
)
const pytest = await execa(
  join(dirname(await ensureEnvironment()), 'python'),
  ['-m', 'pytest', '-q', '--numprocesses', '0', join('tests', 'real_model.py')],
  { ...options, cwd: pythonDirectory },
)
process.exitCode = vitest.exitCode || pytest.exitCode
