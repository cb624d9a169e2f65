/** The variables that name a Python to use without changing it. */
export const pythonVariables = ['MLX_PYTHON', 'MLX_SERVING_PYTHON_PATH']

export interface NamedPython {
  /** The variable that names the Python. */
  by: string
  path: string
}

/** Returns the Python that an environment variable names, and the name of the variable. */
export function pythonFromVariable(environment: NodeJS.ProcessEnv): NamedPython | undefined {
  const by = pythonVariables.find((name) => environment[name])
  const path = by === undefined ? undefined : environment[by]
  return by === undefined || path === undefined ? undefined : { by, path }
}
