/**
 * Runs the server until a signal stops it, for `npm start`. Settings come from the environment. The exit code is 0 after a
 * signal, 1 if the server can't start, and 2 for an invalid setting.
 */
import { runServer } from 'mlx-app-server'
import { createOwnApp } from './app.ts'

await runServer({ app: createOwnApp })
