/** The keys of the server. */
export class KeyFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }
}
