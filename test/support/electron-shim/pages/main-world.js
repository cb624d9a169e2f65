// The page's half of contextBridge. Events between the two worlds of a page are delivered at once, and their details cloned.
;(() => {
  if (window !== window.top) return
  const callbacks = new Map()
  const promises = new Map()
  let lastId = 0

  const encode = (value) => {
    if (typeof value !== 'function') return { value: structuredClone(value) }
    const callback = ++lastId
    callbacks.set(callback, value)
    return { callback }
  }

  const decode = (part) => {
    if ('function' in part) return (...args) => call(part.function, args)
    if ('object' in part)
      return Object.freeze(
        Object.fromEntries(Object.entries(part.object).map(([key, value]) => [key, decode(value)])),
      )
    if ('promise' in part)
      return new Promise((resolve, reject) => promises.set(part.promise, { resolve, reject }))
    if ('error' in part) throw new Error(part.error)
    return part.value
  }

  const call = (name, args) => {
    const id = ++lastId
    let result
    const receive = (event) => {
      result = event.detail
    }
    document.addEventListener(`shim-result-${id}`, receive, { once: true })
    document.dispatchEvent(new CustomEvent('shim-call', { detail: { id, name, args: args.map(encode) } }))
    return decode(result)
  }

  document.addEventListener('shim-expose', ({ detail: { key, api } }) => {
    Object.defineProperty(window, key, { value: decode(api), enumerable: true })
  })
  document.addEventListener('shim-settled', ({ detail: { promise, part } }) => {
    const { resolve, reject } = promises.get(promise)
    promises.delete(promise)
    try {
      resolve(decode(part))
    } catch (error) {
      reject(error)
    }
  })
  document.addEventListener('shim-callback', ({ detail: { callback, args } }) => {
    callbacks.get(callback)(...args.map(decode))
  })
})()
