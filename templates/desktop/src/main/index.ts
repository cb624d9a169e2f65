import { app, dialog } from 'electron'
import { errorMessage } from '../chat-page/format.ts'
import { runApp } from './app.ts'
import { registerAppScheme } from './app-protocol.ts'
import { restrictPages } from './security.ts'

registerAppScheme()
restrictPages()
// The settings, the conversations and the model in memory belong to the first instance, which shows its window instead.
if (app.requestSingleInstanceLock()) {
  runApp().catch((error: unknown) => {
    dialog.showErrorBox(`${app.name} could not start`, errorMessage(error))
    app.exit(1)
  })
} else app.quit()
