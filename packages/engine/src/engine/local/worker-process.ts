import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { freemem, totalmem } from 'node:os'
import type { EngineError, EngineErrorCode } from '../errors.ts'
import { limits } from '../limits.ts'
import { type EventOf, eventSchema, protocolVersion, type Request, type WorkerEvent } from '../protocol.ts'
import { withHint } from './hints.ts'
import { jsonLine, LineSplitter } from './lines.ts'

/** Lines of the worker's standard error that are kept for the message when it dies. */
const keptLogLines = 20
/** Importing mlx-lm from a cold disk takes seconds; past this, whatever runs there is no worker. */
const startMs = 120_000
/** What the system or MLX writes when memory runs out and the process is aborted. */
const outOfMemory =
  /insufficient memory|outofmemory|out of memory|bad_alloc|metal::malloc|cudaErrorMemoryAllocation/i
/** What Python writes where the worker's code is not installed. */
const withoutCode = /No module named '?mlx_app\b/
/** Linux kills what takes too much, MLX's CPU build reads from where it was given none. */
const memorySignals = new Set<NodeJS.Signals>(['SIGKILL', 'SIGSEGV', 'SIGBUS', 'SIGABRT'])
/** A worker ends within milliseconds of the end of its input; past this it is killed. */
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

/**
 * One Python process. It lives until `stop`, its own death, or the end of this process: it sees its input end.
 */
export class WorkerProcess {
  /** Settles with the first event. Rejects with an EngineError when the process ends before. */
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
      // A process group of its own: Ctrl-C in the terminal is for the application, which decides what it ends.
      detached: process.platform !== 'win32',
    })
    const { promise, resolve, reject } = settleable<EventOf<'ready'>>()
    this.ready = promise
    // Whoever started the worker awaits `ready`; without this a death while nobody does would be unhandled.
    promise.catch(() => undefined)
    const timer = setTimeout(() => this.#kill(`was not ready after ${startMs / 1000} s`), startMs)
    this.#readEvents((ready) => {
      clearTimeout(timer)
      const mismatch = protocolMismatch(ready.protocol)
      if (mismatch === undefined) return resolve(ready)
      this.#fatal = mismatch
      this.#child.kill('SIGKILL')
    })
    this.#readLog()
    // Writing to a process that has died; its exit tells the story.
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
      // 'close' comes after the last of its output, unlike 'exit'.
      this.#child.once('close', (code, signal) => {
        const reason = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
        if (this.#log.some((line) => withoutCode.test(line))) {
          end(`ended: ${launch.command} does not have the Python code of mlx-app`, 'SETUP_NEEDED')
        } else if (this.#log.some((line) => outOfMemory.test(line))) {
          end(`ran out of memory and ${reason}: ${machineMemory()}`, 'OUT_OF_MEMORY')
        } else if (signal !== null && memorySignals.has(signal)) {
          end(`${reason} (if memory ran out, that is how it ends: ${machineMemory()})`)
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

  send(request: Request): void {
    this.#child.stdin?.write(`${jsonLine(request)}\n`)
  }

  /** Whether the worker keeps this Node process from ending; it should while calls are under way. */
  setRef(ref: boolean): void {
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      if (handle === this.#child || handle instanceof Socket) handle[ref ? 'ref' : 'unref']()
    }
  }

  /** Ends the worker and waits until it is gone. */
  async stop(): Promise<void> {
    if (!this.#alive) return
    this.setRef(true)
    this.#child.stdin?.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMs)
    await this.#exited
    clearTimeout(timer)
  }

  #kill(reason: string): void {
    this.#fatal = withHint('WORKER_EXITED', this.#message(reason))
    this.#child.kill('SIGKILL')
  }

  #readEvents(onReady: (event: EventOf<'ready'>) => void): void {
    const lines = new LineSplitter((line) => {
      const event = parseEvent(line)
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
    const log = this.#log.length === 0 ? '' : `\nIts last words:\n  ${this.#log.join('\n  ')}`
    return `The worker (${this.#launch.command}) ${reason}.${log}`
  }
}

function machineMemory(): string {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
  return `the machine has ${gigabytes(totalmem())}, of which ${gigabytes(freemem())} are free now`
}

function parseEvent(line: string): WorkerEvent | undefined {
  try {
    return eventSchema.parse(JSON.parse(line))
  } catch {
    // Whatever is wrong with it, the caller treats the line alike.
    return undefined
  }
}

function protocolMismatch(version: number): EngineError | undefined {
  if (version === protocolVersion) return undefined
  return withHint(
    'PROTOCOL_MISMATCH',
    `The worker speaks version ${version} of the protocol, this engine version ${protocolVersion}.`,
  )
}

function settleable<Value>() {
  let resolve: (value: Value) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
