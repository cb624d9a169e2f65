/** The machine, as far as the step asks about it. */
export interface InstallContext {
  environment: NodeJS.ProcessEnv
  platform: NodeJS.Platform
  isRoot: boolean
  /** How long to wait for another process that uses apt. */
  lockWaitMs: number
  print(line: string): void
}
