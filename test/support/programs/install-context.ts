/** The machine that programs are installed on. */
export interface InstallContext {
  environment: NodeJS.ProcessEnv
  platform: NodeJS.Platform
  isRoot: boolean
  /** How long to wait for another process that uses apt. */
  lockWaitMs: number
  print(line: string): void
}
