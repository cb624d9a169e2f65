import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './components/app.tsx'
import { ServicesContext, startServices } from './services.ts'
import { HttpTransport } from './transport/http-transport.ts'
import './styles/index.css'

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
