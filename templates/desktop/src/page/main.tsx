import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { setHash } from '../chat-page/browser.ts'
import { App } from '../chat-page/components/app.tsx'
import { ServicesContext, startServices } from '../chat-page/services.ts'
import { IpcTransport } from './ipc-transport.ts'
import '../chat-page/styles/index.css'

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no #root.')

const { desktop } = window
const services = startServices(new IpcTransport(desktop))
desktop.onStateChange(() => void services.server.check())
desktop.onNewConversation(() => setHash(''))
createRoot(root).render(
  <StrictMode>
    <ServicesContext value={services}>
      <App />
    </ServicesContext>
  </StrictMode>,
)
