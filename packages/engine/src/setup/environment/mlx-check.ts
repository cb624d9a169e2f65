import { z } from 'zod'
import type { Project } from '../../engine/project/index.ts'
import { runForOutput } from '../process/child-process.ts'

/** A successful import of mlx proves nothing, because an empty folder counts as a module. So it computes a sum. */
const check = `
import json, sys
from importlib.metadata import PackageNotFoundError, version
sys.path[:] = [path for path in sys.path if path]
import mlx.core as mx
if sys.argv[1] != "auto":
    mx.set_default_device(mx.Device(getattr(mx, sys.argv[1])))
total = mx.sum(mx.arange(1000)).item()
if total != 499500:
    raise SystemExit("the sum of 0 to 999 came out as %r" % (total,))
import importlib.util
for name in ("mlx_lm", "msgspec"):
    if importlib.util.find_spec(name) is None:
        raise SystemExit("%s is not installed" % name)
def version_of(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
print(json.dumps({
    "python": "%d.%d.%d" % sys.version_info[:3],
    "mlx": version("mlx"),
    "mlxLm": version("mlx-lm"),
    "mlxApp": version_of("mlx-app"),
    "device": str(mx.default_device().type).rsplit(".", 1)[-1],
}))
`

const reportSchema = z.object({
  python: z.string(),
  mlx: z.string(),
  mlxLm: z.string(),
  /** The version of the Python package; null if it is not installed. */
  mlxApp: z.string().nullable(),
  device: z.string(),
})

/** The versions and the device of an environment in which MLX works. */
export type MlxReport = z.infer<typeof reportSchema>

/** Runs a computation with MLX in an environment. It never rejects, but returns the problem. */
export async function checkMlx(
  python: string,
  device: Project['config']['device'],
  environment: NodeJS.ProcessEnv,
): Promise<MlxReport | { problem: string }> {
  const result = await runForOutput(python, ['-c', check, device], environment, 120_000)
  if ('problem' in result) return result
  try {
    return reportSchema.parse(JSON.parse(result.output))
  } catch {
    // It printed something else.
    return { problem: 'it does not respond like a Python interpreter' }
  }
}

/** Describes an environment in which MLX works in one line. */
export function describeMlx({ mlx, device, mlxLm }: MlxReport): string {
  return `MLX ${mlx} runs on the ${device.toUpperCase()}, with mlx-lm ${mlxLm}`
}
