import { CreateError } from '../errors.ts'
import { version } from '../version.ts'

/** Reports a part of the tool itself that can't be read, after an incomplete download or a half-cleared cache. */
export class DamagedToolError extends CreateError {
  override readonly name: string = 'DamagedToolError'

  /**
   * @param place absolute path of the part.
   * @param fault what is wrong with it, as the end of a sentence that begins with the path.
   */
  constructor(place: string, fault: string, cause: unknown) {
    super(`This copy of create-mlx-app ${version} is damaged: ${place} ${fault}.`, {
      hints: repairHints(place),
      cause,
    })
  }
}

/** The folder in which npx, pnpm dlx and bunx cache what they ran. It can be removed safely. */
const folderOfRunner = /^(.*[/\\](?:_npx|dlx|bunx-[^/\\]*)(?:[/\\].*?)?)[/\\]node_modules[/\\]/

function repairHints(place: string): string[] {
  const folder = folderOfRunner.exec(place)?.[1]
  if (folder !== undefined) return [`Remove the folder ${folder} and run the same command again.`]
  return [
    `Install it again: npm install create-mlx-app@${version} (with --global if it was installed globally)`,
    `Or run it without installing it: npx --yes create-mlx-app@${version}`,
  ]
}
