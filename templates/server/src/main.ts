/**
 * `npm start`: the server, until a signal ends it. It reads its settings from the environment, and sets the exit code: 0 after
 * a signal, 1 where it can't start, 2 for a setting that is wrong.
 */
import { runServer } from 'mlx-app-server'
import { createOwnApp } from './app.ts'

await runServer({ app: createOwnApp })
