import { devNull } from 'node:os'
import { isKeptOption } from '../../engine/project/index.ts'
import { type ProcessOptions, runForOutput } from './child-process.ts'

/** Prints what pip reads from its configuration files, as JSON: pip itself prints Python's literals. */
const listing = `
import ast, json, subprocess, sys
lines = subprocess.run([sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, check=True)
pairs = (line.split("=", 1) for line in lines.stdout.decode().splitlines())
print(json.dumps([[name, str(ast.literal_eval(value))] for name, value in pairs]))
`

/** Returns the options for a program that runs the pip of a Python: its environment keeps pip from the user's settings. */
export async function pipOptions(python: string, options: ProcessOptions): Promise<ProcessOptions> {
  const { environment } = options
  return { ...options, environment: { ...environment, ...(await pipConfiguration(python, environment)) } }
}

/**
 * Returns the variables that keep pip from its configuration files, except for indexes, proxies, certificates and the
 * like. Settings such as `target`, `prefix` or `constraint` would install elsewhere or something else.
 *
 * @param python whose pip is asked.
 */
async function pipConfiguration(python: string, environment: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const result = await runForOutput(python, ['-c', listing], environment, 60_000)
  const kept: NodeJS.ProcessEnv = {}
  // A pip that can't list its configuration tells why when it installs.
  const pairs: [string, string][] = 'output' in result ? JSON.parse(result.output) : []
  for (const [name, value] of pairs) {
    const [, option = ''] = /^(?:global|install|download)\.(.+)$/.exec(name) ?? []
    const variable = `PIP_${option.toUpperCase().replaceAll('-', '_')}`
    if (!isKeptOption('pip', option) || environment[variable]) continue
    // Lists have a line for each entry.
    kept[variable] = value
      .trim()
      .split(/\s*\n\s*/)
      .join(' ')
  }
  return { ...kept, PIP_CONFIG_FILE: devNull }
}
