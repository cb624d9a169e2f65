import { contextBridge, ipcRenderer } from 'electron'
import {
  callChannels,
  cancelChannel,
  type DesktopApi,
  newConversationChannel,
  type StreamMessage,
  stateChangeChannel,
  streamChannels,
  streamMessageChannel,
} from '../shared/desktop-api.ts'

type Listener = (message: StreamMessage<never>) => void

const listeners = new Map<number, Listener>()
let lastId = 0

ipcRenderer.on(streamMessageChannel, (_event, id: number, message: StreamMessage<never>) => {
  const listener = listeners.get(id)
  if (!('event' in message)) listeners.delete(id)
  listener?.(message)
})

/** Starts a call with a stream. Returns a function that cancels it. */
function openStream(channel: string, argument: unknown, listener: Listener): () => void {
  const id = ++lastId
  listeners.set(id, listener)
  ipcRenderer.invoke(channel, id, argument).catch((error: unknown) => {
    listeners.delete(id)
    listener({ failure: { message: error instanceof Error ? error.message : String(error), status: 0 } })
  })
  return () => ipcRenderer.send(cancelChannel, id)
}

const api: DesktopApi = {
  status: () => ipcRenderer.invoke(callChannels.status),
  models: () => ipcRenderer.invoke(callChannels.models),
  mcpServers: () => ipcRenderer.invoke(callChannels.mcpServers),
  stopStart: () => ipcRenderer.invoke(callChannels.stopStart),
  retryStart: () => ipcRenderer.invoke(callChannels.retryStart),
  load: (model, listener) => openStream(streamChannels.load, model, listener),
  chat: (request, listener) => openStream(streamChannels.chat, request, listener),
  onStateChange: (listener) => void ipcRenderer.on(stateChangeChannel, () => listener()),
  onNewConversation: (listener) => void ipcRenderer.on(newConversationChannel, () => listener()),
}

contextBridge.exposeInMainWorld('desktop', api)
