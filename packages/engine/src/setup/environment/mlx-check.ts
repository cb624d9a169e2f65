import { z } from 'zod'
import type { Project } from '../../engine/project/index.ts'
import { ask } from '../process/child-process.ts'

/** Importing mlx proves nothing: an empty folder passes for a module. Only a sum does. */
const check = `
import json, sys
from importlib.metadata import version
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
print(json.dumps({
    "python": "%d.%d.%d" % sys.version_info[:3],
    "mlx": version("mlx"),
    "mlxLm": version("mlx-lm"),
    "device": str(mx.default_device().type).rsplit(".", 1)[-1],
}))
`

const verdictSchema = z.object({ python: z.string(), mlx: z.string(), mlxLm: z.string(), device: z.string() })

/** An environment that computes, and what is in it. */
export type MlxReport = z.infer<typeof verdictSchema>

/** Has MLX compute a sum in an environment. Never rejects: `problem` says what is wrong with it. */
export async function verify(
  python: string,
  device: Project['config']['device'],
  environment: NodeJS.ProcessEnv,
): Promise<MlxReport | { problem: string }> {
  const answer = await ask(python, ['-c', check, device], environment, 120_000)
  if ('problem' in answer) return answer
  try {
    return verdictSchema.parse(JSON.parse(answer.output))
  } catch {
    // It ran and printed something else.
    return { problem: 'it does not answer as a Python does' }
  }
}

/** One line about an environment that computes. */
export function describeMlx(verdict: MlxReport): string {
  return `MLX ${verdict.mlx} computes on ${verdict.device}, mlx-lm ${verdict.mlxLm}`
}
