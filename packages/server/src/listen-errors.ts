/** An error at startup that the user can fix. It is printed without a stack, and the exit code is 1. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** Converts a listen error to a `StartError` that tells how to fix it. Other errors are returned unchanged. */
export function asStartError(error: unknown, host: string, port: number): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(
        `Port ${port} on ${host} is already in use.\nSet PORT to another port, or use any free port: PORT=0`,
        { cause: error },
      )
    case 'EACCES':
      return new StartError(
        `Port ${port} is reserved for the system.\nSet PORT to a port from 1024 to 65535.`,
        { cause: error },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(
        `HOST is ${host}, which is not an address of this machine.\nUse HOST=127.0.0.1 for this machine only, or HOST=0.0.0.0 for all addresses.`,
        { cause: error },
      )
    default:
      return error
  }
}
