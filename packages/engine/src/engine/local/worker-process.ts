import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { freemem, totalmem } from 'node:os'
import type { EngineError, EngineErrorCode } from '../errors.ts'
import { limits } from '../limits.ts'
import { type EventOf, eventSchema, type Request, type WorkerEvent } from '../protocol.ts'
import { withHint } from './hints.ts'
import { jsonLine, LineSplitter } from './lines.ts'
import { findVersionMismatch } from './version-mismatch.ts'

/** Lines of the worker's standard error that are kept for the message of a crash. */
const keptLogLines = 20
/** Importing mlx-lm from a cold disk takes seconds. A program that takes longer than this is no worker. */
const startMs = 120_000
/** What the system or MLX writes when the process runs out of memory. */
const outOfMemory =
  /insufficient memory|outofmemory|out of memory|bad_alloc|metal::malloc|cudaErrorMemoryAllocation/i
/** What Python writes if the worker's code is not installed. */
const withoutCode = /No module named '?mlx_app\b/
/** Linux kills a process that needs too much memory, and MLX's CPU build reads from memory that it didn't get. */
const memorySignals = new Set<NodeJS.Signals>(['SIGKILL', 'SIGSEGV', 'SIGBUS', 'SIGABRT'])
/** A worker ends within milliseconds of the end of its input. After this time it is killed. */
const stopMs = 2_000

/** An event about a call, unlike `ready` and `fatal`, which are about the worker itself. */
export type CallEvent = Exclude<WorkerEvent, { type: 'ready' | 'fatal' }>

export interface WorkerLaunch {
  command: string
  arguments: readonly string[]
  environment: NodeJS.ProcessEnv
  onEvent: (event: CallEvent) => void
  /** Called once, after the last event. */
  onExit: (error: EngineError) => void
  onLog: (line: string) => void
}

/** One Python process. It runs until `stop`, a crash, or the end of this process, which ends its input. */
export class WorkerProcess {
  /** Resolves with the first event. Rejects with an EngineError if the process ends first. */
  readonly ready: Promise<EventOf<'ready'>>
  readonly #child: ChildProcess
  readonly #launch: WorkerLaunch
  readonly #log: string[] = []
  readonly #exited: Promise<void>
  #fatal: EngineError | undefined
  #alive = true
  #isReady = false

  constructor(launch: WorkerLaunch) {
    this.#launch = launch
    this.#child = spawn(launch.command, launch.arguments, {
      env: launch.environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      // With a process group of its own, Ctrl-C in a terminal reaches only the application, which decides what to end.
      detached: process.platform !== 'win32',
    })
    const { promise, resolve, reject } = withResolvers<EventOf<'ready'>>()
    this.ready = promise
    // The caller awaits `ready`, but may not do so yet when the process ends.
    promise.catch(() => undefined)
    const timer = setTimeout(() => this.#kill(`was not ready after ${startMs / 1000} s`), startMs)
    this.#readEvents((ready) => {
      clearTimeout(timer)
      resolve(ready)
    })
    this.#readLog()
    // An error of writing to a process that has ended, which the exit reports.
    this.#child.stdin?.on('error', () => undefined)
    this.#exited = new Promise((done) => {
      const end = (reason: string, code: EngineErrorCode = 'WORKER_EXITED') => {
        if (!this.#alive) return
        this.#alive = false
        clearTimeout(timer)
        const error = this.#fatal ?? withHint(code, this.#message(reason))
        reject(error)
        launch.onExit(error)
        done()
      }
      this.#child.once('error', (error) => end(`could not be started: ${error.message}`, 'PYTHON_NOT_FOUND'))
      // Unlike 'exit', 'close' comes after the last output.
      this.#child.once('close', (code, signal) => {
        const reason = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`
        if (this.#log.some((line) => withoutCode.test(line))) {
          end(`ended, because ${launch.command} does not have the Python code of mlx-app`, 'SETUP_NEEDED')
        } else if (this.#log.some((line) => outOfMemory.test(line))) {
          end(`ran out of memory and ${reason}: ${machineMemory()}`, 'OUT_OF_MEMORY')
        } else if (signal !== null && memorySignals.has(signal)) {
          end(`${reason}, possibly because memory ran out (${machineMemory()})`)
        } else {
          end(reason)
        }
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get alive(): boolean {
    return this.#alive
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** Kills a worker that has had work without a step for this long. */
  killStalled(stalledMs: number): void {
    this.#kill(`has work, but made no step for ${stalledMs / 1000} s`, 'WORKER_STALLED')
  }

  send(request: Request): void {
    this.#child.stdin?.write(`${jsonLine(request)}\n`)
  }

  /** Sets whether the worker keeps this Node process running, as it should while calls are in progress. */
  setRef(ref: boolean): void {
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      if (handle === this.#child || handle instanceof Socket) handle[ref ? 'ref' : 'unref']()
    }
  }

  /** Ends the worker and waits until its process is gone. */
  async stop(): Promise<void> {
    if (!this.#alive) return
    this.setRef(true)
    this.#child.stdin?.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMs)
    await this.#exited
    clearTimeout(timer)
  }

  #kill(reason: string, code: EngineErrorCode = 'WORKER_EXITED'): void {
    this.#fatal ??= withHint(code, this.#message(reason))
    this.#child.kill('SIGKILL')
  }

  #readEvents(onReady: (event: EventOf<'ready'>) => void): void {
    const lines = new LineSplitter((line) => {
      const value = parseJson(line)
      const mismatch = this.#isReady ? undefined : findVersionMismatch(value, this.#launch.command)
      if (mismatch !== undefined) {
        this.#fatal = mismatch
        this.#child.kill('SIGKILL')
        return
      }
      const event = eventSchema.safeParse(value).data
      // Python may print before the worker takes over its output: a site hook, a warning.
      if (event === undefined && !this.#isReady) this.#keepLog(line)
      else if (event === undefined) this.#kill(`wrote a line that is no event: ${line.slice(0, 200)}`)
      else if (event.type === 'fatal') this.#fatal = withHint(event.code, event.message, event.hint)
      else if ((event.type === 'ready') === this.#isReady) {
        this.#kill(`sent the event ${event.type} ${this.#isReady ? 'a second time' : 'before ready'}`)
      } else if (event.type === 'ready') {
        this.#isReady = true
        onReady(event)
      } else this.#launch.onEvent(event)
    }, limits.lineBytes)
    this.#child.stdout?.on('data', (block: Buffer) => lines.push(block))
  }

  #readLog(): void {
    const lines = new LineSplitter((line) => this.#keepLog(line), limits.lineBytes)
    this.#child.stderr?.on('data', (block: Buffer) => lines.push(block))
    this.#child.stderr?.on('end', () => lines.flush())
  }

  #keepLog(line: string): void {
    this.#log.push(line)
    if (this.#log.length > keptLogLines) this.#log.shift()
    this.#launch.onLog(line)
  }

  #message(reason: string): string {
    const log = this.#log.length === 0 ? '' : `\nIts last output:\n  ${this.#log.join('\n  ')}`
    return `The worker (${this.#launch.command}) ${reason}.${log}`
  }
}

function machineMemory(): string {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
  return `the machine has ${gigabytes(totalmem())}, ${gigabytes(freemem())} free`
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // The caller treats it like every other line that is no event.
    return undefined
  }
}

function withResolvers<Value>() {
  let resolve: (value: Value) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
