import { createContext, useContext } from 'react'
import { Answers } from './state/answers.ts'
import { openIndexedDbStore } from './state/indexed-db-store.ts'
import { Library } from './state/library.ts'
import { ServerMonitor } from './state/server-monitor.ts'
import { SettingsStore } from './state/settings.ts'
import { Tools } from './state/tools.ts'
import type { Transport } from './transport/transport.ts'

/** What the components share. */
export interface Services {
  library: Library
  answers: Answers
  server: ServerMonitor
  settings: SettingsStore
  tools: Tools
}

/** Starts them: the conversations are read and the server is asked for its state. */
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
  if (services === undefined) throw new Error('This component needs a ServicesContext around it.')
  return services
}
