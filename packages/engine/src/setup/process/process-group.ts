/** Programs whose descendants end with them: a script around uv or Python may start it as a child that hangs. */
import { execa } from 'execa'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface GroupOptions {
  environment: NodeJS.ProcessEnv
  /** How long the program may take. */
  timeoutMs: number
  /** Ends the program and its descendants. */
  signal?: AbortSignal | undefined
}

/** Runs a program in a process group of its own, which ends at the time limit and with this process. */
export async function runGroup(
  command: string,
  commandArguments: readonly string[],
  { environment, timeoutMs, signal }: GroupOptions,
) {
  const limit = AbortSignal.timeout(timeoutMs)
  const child = execa(command, commandArguments, {
    ...{ env: environment, extendEnv: false, reject: false },
    stdin: 'ignore',
    detached: true,
  })
  const end = (name: NodeJS.Signals) => endGroup(child.pid, name)
  const listeners = new AbortController()
  const listening = { signal: listeners.signal, once: true }
  limit.addEventListener('abort', () => end('SIGKILL'), listening)
  signal?.addEventListener('abort', () => end('SIGTERM'), listening)
  // A terminal sends Ctrl-C only to its own group.
  const forwarded = signals.map((name) => ({ name, forward: () => forwardSignal(name, end) }))
  for (const { name, forward } of forwarded) process.once(name, forward)
  const atExit = () => end('SIGKILL')
  process.once('exit', atExit)
  if (signal?.aborted) end('SIGTERM')
  try {
    return { ...(await child), timedOut: limit.aborted }
  } finally {
    listeners.abort()
    process.off('exit', atExit)
    for (const { name, forward } of forwarded) process.off(name, forward)
  }
}

function forwardSignal(name: NodeJS.Signals, end: (name: NodeJS.Signals) => void): void {
  end(name)
  // Without another listener, this process would have ended.
  if (process.listenerCount(name) === 0) process.kill(process.pid, name)
}

function endGroup(id: number | undefined, name: NodeJS.Signals): void {
  if (id === undefined) return
  try {
    process.kill(process.platform === 'win32' ? id : -id, name)
  } catch {
    // It has ended.
  }
}
