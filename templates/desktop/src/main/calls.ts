import { type IpcMainEvent, type IpcMainInvokeEvent, ipcMain, type WebContents } from 'electron'
import { z } from 'zod'
import { errorMessage } from '../chat-page/format.ts'
import { type ServerStatus, type Transport, TransportError } from '../chat-page/transport/transport.ts'
import {
  callChannels,
  cancelChannel,
  type Failure,
  type Reply,
  type StreamMessage,
  streamChannels,
  streamMessageChannel,
} from '../shared/desktop-api.ts'
import { callId, streamArguments } from './call-arguments.ts'
import type { DesktopEngine } from './engine.ts'
import { isPageAddress } from './page-address.ts'
import { RunningCalls } from './running-calls.ts'

/** Answers the calls of the page. The sender and the arguments of every call are checked. */
export function handleCalls(engine: Promise<DesktopEngine>): void {
  const running = new RunningCalls()

  const handle = <Value>(channel: string, call: () => Promise<Value>) =>
    ipcMain.handle(channel, async (event, ...rest: unknown[]): Promise<Reply<Value>> => {
      requirePage(event)
      z.tuple([]).parse(rest)
      return await call().then(
        (value) => ({ value }),
        (error) => ({ failure: toFailure(error) }),
      )
    })

  handle(callChannels.status, () =>
    engine.then(
      (opened) => opened.status(),
      (error): ServerStatus => ({ state: 'failed', message: toFailure(error).message }),
    ),
  )
  handle(callChannels.models, async () => (await engine).transport.models())
  handle(callChannels.mcpServers, async () => (await engine).transport.mcpServers())
  handle(callChannels.stopStart, async () => (await engine).stopStart())
  handle(callChannels.retryStart, async () => (await engine).start())

  const handleStream = <Argument>(
    channel: string,
    schema: z.ZodType<Argument>,
    run: (
      transport: Transport,
      argument: Argument,
      signal: AbortSignal,
      onEvent: (event: unknown) => void,
    ) => Promise<void>,
  ) =>
    ipcMain.handle(channel, (event, ...rest: unknown[]) => {
      const sender = requirePage(event)
      const [id, argument] = z.tuple([callId, schema]).parse(rest)
      const signal = running.add(sender, id)
      const send = (message: StreamMessage<unknown>) => {
        if (!sender.isDestroyed()) sender.send(streamMessageChannel, id, message)
      }
      void engine
        .then(({ transport }) => run(transport, argument, signal, (value) => send({ event: value })))
        .then(
          () => send({ end: true }),
          (error) => send({ failure: toFailure(error) }),
        )
        .finally(() => running.remove(sender, id))
    })

  handleStream(streamChannels.chat, streamArguments.chat, async (transport, request, signal, onEvent) => {
    for await (const event of transport.chat(request, signal)) onEvent(event)
  })
  handleStream(streamChannels.load, streamArguments.load, (transport, model, signal, onProgress) =>
    transport.load(model, onProgress, signal),
  )

  ipcMain.on(cancelChannel, (event, ...rest: unknown[]) => {
    const parsed = z.tuple([callId]).safeParse(rest)
    // Nobody waits for a reply, so an error would be an uncaught exception. The frame of a page that is gone is null.
    if (isPage(event) && parsed.success) running.cancel(event.sender, parsed.data[0])
  })
}

/**
 * Returns the sender of a call if it is the page.
 *
 * @throws Error for a frame inside of the page, and for any other page.
 */
function requirePage(event: IpcMainInvokeEvent): WebContents {
  if (!isPage(event)) throw new Error('Only the page of this app can call it.')
  return event.sender
}

function isPage({ senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame.parent === null && isPageAddress(senderFrame.url)
}

function toFailure(error: unknown): Failure {
  if (error instanceof TransportError) {
    const { message, status, retryAfterSeconds } = error
    return { message, status, retryAfterSeconds }
  }
  return { message: errorMessage(error), status: 0 }
}
