import { createContext, useContext } from 'react'
import { Answers } from './state/answers.ts'
import { openIndexedDbStore } from './state/indexed-db-store.ts'
import { Library } from './state/library.ts'
import { ServerMonitor } from './state/server-monitor.ts'
import { SettingsStore } from './state/settings.ts'
import { Tools } from './state/tools.ts'
import type { Transport } from './transport/transport.ts'

/** The state that components share. */
export interface Services {
  library: Library
  answers: Answers
  server: ServerMonitor
  settings: SettingsStore
  tools: Tools
}

/** Creates the services, reads the conversations, and requests the state of the server. */
export function startServices(transport: Transport): Services {
  const library = new Library()
  void library.open(openIndexedDbStore())
  const server = new ServerMonitor(transport)
  void server.check()
  const answers = new Answers(transport, library, (error) => server.handleFailure(error))
  return {
    library,
    answers,
    server,
    settings: new SettingsStore(localStorage),
    tools: new Tools(transport),
  }
}

export const ServicesContext = createContext<Services | undefined>(undefined)

export function useServices(): Services {
  const services = useContext(ServicesContext)
  if (services === undefined) throw new Error('This component must be inside a ServicesContext.')
  return services
}
