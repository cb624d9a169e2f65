import { relative } from 'node:path'

/** Returns the command that this program was started with, by a package manager or as a file. Arguments can follow it. */
export function programName(
  environment: NodeJS.ProcessEnv = process.env,
  file: string | undefined = process.argv[1],
): string {
  if (environment.npm_lifecycle_event === 'start') {
    switch (environment.npm_config_user_agent?.split('/')[0]) {
      case 'pnpm':
        return 'pnpm -s start'
      case 'yarn':
        return 'yarn start'
      case 'bun':
        return 'bun run --silent start'
      default:
        return 'npm -s start --'
    }
  }
  const shown = file === undefined ? 'dist/main.js' : relative(process.cwd(), file)
  return shown.endsWith('.ts') ? `node --import tsx ${shown}` : `node ${shown}`
}
