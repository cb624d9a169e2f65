import { CreateError } from '../errors.ts'
import { version } from '../version.ts'

/** A part of the tool itself that can't be read: half a download, half a cache that was cleared. */
export class DamagedToolError extends CreateError {
  override readonly name: string = 'DamagedToolError'

  /**
   * @param place absolute path of the part.
   * @param fault what is wrong with it, after its path.
   */
  constructor(place: string, fault: string, cause: unknown) {
    super(`This copy of create-mlx-app ${version} is damaged: ${place} ${fault}.`, {
      hints: repairHints(place),
      cause,
    })
  }
}

/** npx, pnpm dlx and bunx keep what they ran, damaged or not, in a folder that may be thrown away. */
const folderOfRunner = /^(.*[/\\](?:_npx|dlx|bunx-[^/\\]*)(?:[/\\].*?)?)[/\\]node_modules[/\\]/

function repairHints(place: string): string[] {
  const folder = folderOfRunner.exec(place)?.[1]
  if (folder !== undefined) return [`Remove the folder ${folder} and run the same command again.`]
  return [
    `Install it again: npm install create-mlx-app@${version} (with --global, if it was installed so)`,
    `or run it without installing: npx --yes create-mlx-app@${version}`,
  ]
}
