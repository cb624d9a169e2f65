import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from '../chat-page/components/app.tsx'
import { ServicesContext, startServices } from '../chat-page/services.ts'
import { IpcTransport } from './ipc-transport.ts'
import '../chat-page/styles/index.css'

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no #root.')

const services = startServices(new IpcTransport(window.desktop))
createRoot(root).render(
  <StrictMode>
    <ServicesContext value={services}>
      <App />
    </ServicesContext>
  </StrictMode>,
)
