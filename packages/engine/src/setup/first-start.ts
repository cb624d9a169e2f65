import type { Project } from '../engine/project.ts'
import { pythonSource } from '../package-files.ts'
import { ask } from './children.ts'

/**
 * What the first start of the worker does: imports everything, and has the hello model say one token. It leaves
 * bytecode behind of the modules that are used, some 400. pip and uv would compile all 5,300, most of them for models
 * that nobody asked for, and that took longer than everything else.
 */
const firstStart = `
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
    # What a worker imports only when it is needed.
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
 * Starts the packages and the worker once, so that the next start is quick.
 *
 * @returns `problem`: the packages don't work; `worker`: they do, and the project's own Python code does not.
 */
export async function startOnce(
  python: string,
  project: Project,
  inherited: NodeJS.ProcessEnv,
): Promise<{ problem: string } | { worker: string | undefined }> {
  // An installer writes bytecode whatever the user's shell says, as pip and uv do.
  const { PYTHONDONTWRITEBYTECODE: _, PYTHONHOME: __, PYTHONPATH: ___, ...environment } = inherited
  const answer = await ask(
    python,
    ['-c', firstStart, project.config.device],
    {
      ...environment,
      ...(pythonSource !== undefined && { PYTHONPATH: pythonSource }),
      PYTHONNOUSERSITE: '1',
      HF_HUB_OFFLINE: '1',
    },
    300_000,
  )
  if ('problem' in answer) return answer
  return { worker: answer.output === '' ? undefined : answer.output }
}
