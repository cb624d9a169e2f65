import { spawn } from 'node:child_process'

/** A question that the hello model answers with a story that begins with "Once". */
export const question = 'Tell me a story.'

/** Returns the milliseconds from the start of a program until the story begins in its output. */
export async function timeToFirstToken(
  command: string,
  programArguments: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const started = performance.now()
  const child = spawn(command, programArguments, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let first: number | undefined
  child.stdout.on('data', (block: Buffer) => {
    output += block.toString('utf8')
    if (/\bO(n(ce?)?)?/.test(output)) first ??= performance.now() - started
  })
  const code = await new Promise((done) => child.once('close', done))
  if (code !== 0 || first === undefined) throw new Error(`${command} exited with ${code}: ${output}`)
  return first
}
