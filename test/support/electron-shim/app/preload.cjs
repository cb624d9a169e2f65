const { contextBridge, ipcRenderer } = require('electron')

contextBridge.exposeInMainWorld('desktop', {
  add: (first, second) => ipcRenderer.invoke('add', first, second),
  platform: () => process.platform,
  numbers(limit, callback) {
    const listener = (_event, value) => callback(value)
    ipcRenderer.on('number', listener)
    ipcRenderer.send('count', limit)
    return () => ipcRenderer.off('number', listener)
  },
})
