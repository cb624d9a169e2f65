// The preload's half: `require('electron')` of a sandboxed preload, and what else Electron gives it. Only the main frame has one.
// biome-ignore lint/correctness/noUnusedVariables: web-contents.ts calls it.
function runPreload(sandboxedProcess, preload) {
  if (window !== window.top) return
  const functions = new Map()
  const invocations = new Map()
  const subscribers = new Map()
  let lastId = 0
  const fire = (type, detail) => document.dispatchEvent(new CustomEvent(type, { detail }))

  const encode = (value) => {
    if (typeof value === 'function') {
      const name = ++lastId
      functions.set(name, value)
      return { function: name }
    }
    if (value instanceof Promise) {
      const promise = ++lastId
      value.then(
        (result) => fire('shim-settled', { promise, part: encode(result) }),
        (error) => fire('shim-settled', { promise, part: { error: messageOf(error) } }),
      )
      return { promise }
    }
    const isPlain =
      value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype
    if (!isPlain) return { value: structuredClone(value) }
    return { object: Object.fromEntries(Object.entries(value).map(([key, part]) => [key, encode(part)])) }
  }
  const decode = (part) =>
    'callback' in part
      ? (...args) => fire('shim-callback', { callback: part.callback, args: args.map(encode) })
      : part.value
  const messageOf = (error) => (error instanceof Error ? error.message : String(error))

  document.addEventListener('shim-call', ({ detail: { id, name, args } }) => {
    let part
    try {
      part = encode(functions.get(name)(...args.map(decode)))
    } catch (error) {
      part = { error: messageOf(error) }
    }
    fire(`shim-result-${id}`, part)
  })

  // The shim calls these two in the preload's world, where the page can't see them.
  globalThis.shimReply = ({ id, value, error }) => {
    const { resolve, reject } = invocations.get(id)
    invocations.delete(id)
    if (error === undefined) resolve(value)
    else reject(new Error(error))
  }
  globalThis.shimReceive = (channel, args) => {
    for (const listener of [...(subscribers.get(channel) ?? [])]) listener({ senderId: 0 }, ...args)
  }
  // structuredClone refuses what Electron refuses to send.
  const post = (message) => globalThis.shimPost(JSON.stringify(structuredClone(message)))

  const ipcRenderer = {
    invoke: (channel, ...args) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        post({ id, channel, args })
        invocations.set(id, { resolve, reject })
      }),
    send: (channel, ...args) => post({ channel, args }),
    on(channel, listener) {
      subscribers.set(channel, [...(subscribers.get(channel) ?? []), listener])
      return ipcRenderer
    },
    once(channel, listener) {
      const first = (...args) => {
        ipcRenderer.off(channel, first)
        listener(...args)
      }
      return ipcRenderer.on(channel, first)
    },
    off(channel, listener) {
      subscribers.set(
        channel,
        (subscribers.get(channel) ?? []).filter((other) => other !== listener),
      )
      return ipcRenderer
    },
    removeListener: (channel, listener) => ipcRenderer.off(channel, listener),
  }
  const contextBridge = { exposeInMainWorld: (key, api) => fire('shim-expose', { key, api: encode(api) }) }

  const electron = { ipcRenderer, contextBridge }
  const require = (name) => {
    if (name === 'electron') return electron
    throw new Error(`module not found: ${name}`)
  }
  const module = { exports: {} }
  preload(require, sandboxedProcess, module, module.exports)
}
