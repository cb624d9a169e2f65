import { app } from 'electron'
import { runApp } from './app.ts'
import { registerAppScheme } from './app-protocol.ts'
import { restrictPages } from './security.ts'

registerAppScheme()
restrictPages()
// The settings, the conversations and the model in memory belong to the first instance, which shows its window instead.
if (app.requestSingleInstanceLock()) void runApp()
else app.quit()
