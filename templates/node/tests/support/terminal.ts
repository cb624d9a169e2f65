import { PassThrough } from 'node:stream'
import type { TerminalStreams } from '../../src/chat/prompt-output.ts'
import { Output } from './output.ts'

export const keys = { enter: '\r', controlC: '\u0003', controlD: '\u0004' }

/** The prompt as readline draws it on an empty line. */
const prompt = '\u001b[1G\u001b[0J> '

/** A terminal without a screen, which types keys and waits for output. */
export class TestTerminal implements TerminalStreams {
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  readonly shown = new Output(this.stdout)

  type(...text: string[]): void {
    this.stdin.write(text.join(''))
  }

  /** Waits for the next prompt. @returns the output before it. */
  async prompt(): Promise<string> {
    return await this.shown.see(prompt)
  }

  /** Types a message. @returns the output between it and the next prompt. */
  async send(message: string): Promise<string> {
    this.type(message, keys.enter)
    await this.shown.see(`${message}\r\n`)
    return (await this.prompt()).trim()
  }
}
