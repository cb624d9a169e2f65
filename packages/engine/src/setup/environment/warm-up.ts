import type { Project } from '../../engine/project/index.ts'
import { pythonSource } from '../../package-files.ts'
import { runForOutput } from '../process/child-process.ts'

/**
 * Imports everything that the worker imports, and generates one token with the hello model. Python then writes the
 * bytecode of the modules in use, about 400. pip and uv would compile all 5,300, which takes longer than the rest of
 * the setup.
 */
const warmUpCode = `
import compileall, os, sys
sys.path[:] = [path for path in sys.path if path]
worker = None
try:
    from mlx_app import quick_import
    quick_import.install()
except Exception as error:
    worker = error
import mlx.core as mx
import mlx_lm
if sys.argv[1] != "auto":
    mx.set_default_device(mx.Device(getattr(mx, sys.argv[1])))
try:
    import mlx_app.worker.run
    from mlx_app.models.locate import HELLO
    model, tokenizer = mlx_lm.load(str(HELLO))
    next(mlx_lm.stream_generate(model, tokenizer, "Hello", max_tokens=1))
    # The worker imports these only when it needs them.
    import llguidance.hf
    from huggingface_hub import scan_cache_dir, snapshot_download
    compileall.compile_dir(os.path.dirname(mlx_app.__file__), quiet=2)
except Exception as error:
    worker = error
print("" if worker is None else "%s: %s" % (type(worker).__name__, worker))
sys.stdout.flush()
os._exit(0)
`

/**
 * Imports the packages and the worker once, so that their bytecode is compiled before the first start.
 *
 * @returns `problem` if the packages don't work, or `workerProblem` if they do but the worker doesn't.
 */
export async function warmUp(
  python: string,
  project: Project,
  inherited: NodeJS.ProcessEnv,
): Promise<{ problem: string } | { workerProblem: string | undefined }> {
  // Like pip and uv, setup writes bytecode even if the user's shell disables it.
  const { PYTHONDONTWRITEBYTECODE: _, ...environment } = inherited
  const result = await runForOutput(
    python,
    ['-c', warmUpCode, project.config.device],
    {
      ...environment,
      ...(pythonSource !== undefined && { PYTHONPATH: pythonSource }),
      HF_HUB_OFFLINE: '1',
    },
    300_000,
  )
  if ('problem' in result) return result
  return { workerProblem: result.output === '' ? undefined : result.output }
}
