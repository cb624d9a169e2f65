import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './src/components/app.tsx'
import { ServicesContext, startServices } from './src/services.ts'
import { HttpTransport } from './src/transport/http-transport.ts'
import './src/styles/index.css'

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no #root.')

const transport = new HttpTransport(document.baseURI, sessionStorage)
createRoot(root).render(
  <StrictMode>
    <ServicesContext value={startServices(transport)}>
      <App />
    </ServicesContext>
  </StrictMode>,
)
