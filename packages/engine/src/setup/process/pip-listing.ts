import { devNull } from 'node:os'
import { isKeptOption } from '../../engine/project/isolated-environment.ts'

/** Python code that prints what its pip reads from configuration files, as JSON: pip itself prints Python's literals. */
export const pipListing = `
import ast, json, subprocess, sys
lines = subprocess.run([sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, check=True)
pairs = (line.split("=", 1) for line in lines.stdout.decode().splitlines())
print(json.dumps([[name, str(ast.literal_eval(value))] for name, value in pairs]))
`

/**
 * Returns the variables that keep pip from its configuration files, except for indexes, proxies, certificates and the
 * like. Settings such as `target`, `prefix` or `constraint` would install elsewhere or something else.
 *
 * @param listing what `pipListing` printed; undefined if it failed, since pip then tells why when it installs.
 */
export function pipVariables(listing: string | undefined, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {}
  const pairs: [string, string][] = listing === undefined ? [] : JSON.parse(listing)
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
