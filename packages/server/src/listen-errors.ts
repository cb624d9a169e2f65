/** Something that the owner of the server can fix: told without a stack, exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** Says what to change where an address can't be listened on; any other error is given back as it is. */
export function asStartError(error: unknown, host: string, port: number): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(
        `Port ${port} of ${host} is taken by another program.\nSet PORT to another one, or to 0 for any that is free: PORT=0`,
        { cause: error },
      )
    case 'EACCES':
      return new StartError(`Port ${port} is reserved for the system.\nSet PORT to one of 1024 to 65535.`, {
        cause: error,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(
        `HOST is ${host}, which is no address of this machine.\nUse HOST=127.0.0.1, or HOST=0.0.0.0 for all of them.`,
        { cause: error },
      )
    default:
      return error
  }
}
