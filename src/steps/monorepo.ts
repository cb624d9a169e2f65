import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Answers,
  languageOf,
  type MonorepoRole,
  monorepoRoles,
  type PackageManager,
  requireChoice,
  type TemplateId,
} from '../choices.ts'
import { CreateError, UsageError } from '../errors.ts'
import { hasPlugAndPlay, type Monorepo, packagesFolder } from '../machine/monorepo.ts'
import type { FileChange } from '../write/change-file.ts'
import { withBuild, withPackage } from '../write/package-list.ts'
import { type Resolver, resolveOption } from './resolver.ts'

/** A change of a file in the root of a monorepo, which a project there needs. */
export interface RootChange extends FileChange {
  /** What is changed, in words. */
  what: string
}

/**
 * Resolves what a project is in the monorepo that it is in.
 *
 * @throws UsageError for a Python project, and for a member of no monorepo.
 */
export async function resolveMonorepo(
  resolver: Resolver,
  template: TemplateId,
): Promise<MonorepoRole | undefined> {
  const { monorepo } = resolver.defaultContext
  const given = resolver.given.values.get('monorepo')
  if (languageOf(template) === 'python') {
    if (given === undefined) return undefined
    throw new UsageError(
      `--monorepo ${given} can't be combined with --template ${template}, whose projects have no package.json.`,
      { hints: ['Leave out --monorepo.'] },
    )
  }
  if (monorepo === undefined && given === 'member') {
    throw new UsageError(
      '--monorepo member needs a monorepo, and none of the folders above is the root of one.',
      {
        hints: [
          'Its root has a package.json with "workspaces" (npm, Yarn, Bun) or a pnpm-workspace.yaml with "packages".',
        ],
      },
    )
  }
  const value = await resolveOption(
    resolver,
    'monorepo',
    { template },
    async (prompter, question, initial) =>
      monorepo === undefined
        ? undefined
        : await prompter.select(`${question} in ${monorepo.root}?`, monorepoRoles, initial),
  )
  return value === undefined ? undefined : requireChoice(monorepoRoles, value)
}

/**
 * Returns where the packages of a member are.
 *
 * @throws UsageError if the package manager is not the one of the root, or if it makes no folder of packages.
 */
export function placeInMonorepo(
  monorepo: Monorepo,
  packageManager: PackageManager,
): Pick<Answers, 'packagesFolder'> {
  const { root, manager, listFile } = monorepo
  // pnpm reads its own list only, also if nothing else tells whose root it is.
  const isOther = manager === undefined ? packageManager === 'pnpm' : manager !== packageManager
  if (isOther) {
    const owner = manager ?? `npm, Yarn or Bun (${listFile})`
    throw new UsageError(`${root} is a monorepo of ${owner}, so its members can't use ${packageManager}.`, {
      hints: [`Add --package-manager ${manager ?? 'npm'}, or --monorepo standalone.`],
    })
  }
  if (packageManager === 'yarn' && hasPlugAndPlay(monorepo)) {
    throw new UsageError(
      `The monorepo in ${root} uses Plug'n'Play, with which Python finds no files of packages.`,
      {
        hints: [
          `Add this line to ${join(root, '.yarnrc.yml')}: nodeLinker: node-modules`,
          'Or add --monorepo standalone.',
        ],
      },
    )
  }
  const folder = packagesFolder(monorepo, packageManager)
  return folder === undefined ? {} : { packagesFolder: folder }
}

/**
 * Returns how a root must be changed for a project: its list includes members, and no other project. pnpm also needs a
 * decision about each install script of a member's packages.
 *
 * @throws CreateError if the list can't be changed, with the entry to add.
 */
export function rootChange(
  monorepo: Monorepo,
  role: MonorepoRole,
  template: TemplateId,
): RootChange | undefined {
  const { root, listFile, folder, includesFolder } = monorepo
  const path = join(root, listFile)
  const before = readFileSync(path, 'utf8')
  let text = before
  const parts: string[] = []
  if (includesFolder !== (role === 'member')) {
    const pattern = role === 'member' ? folder : `!${folder}`
    // Package managers read these characters differently.
    const changed = /[*?[\]{}()!+@|"'\\]/.test(folder) ? undefined : withPackage(listFile, text, pattern)
    if (changed === undefined) {
      throw new CreateError(
        `The project can't be ${role === 'member' ? 'a member of' : 'apart from'} ${root}.`,
        {
          hints: [
            `Add this to the list of packages in ${path}, and run the command again: "${pattern}"`,
            ...(role === 'member' ? ['Or add --monorepo standalone.'] : []),
          ],
        },
      )
    }
    text = changed
    parts.push(`"${pattern}" is now in its list of packages`)
  }
  if (role === 'member' && listFile === 'pnpm-workspace.yaml') {
    const [name, isAllowed] =
      template === 'desktop' ? (['electron-winstaller', false] as const) : (['esbuild', true] as const)
    const changed = withBuild(text, name, isAllowed)
    if (changed !== text)
      parts.push(`the install script of ${name} is ${isAllowed ? 'allowed' : 'turned off'}`)
    text = changed
  }
  return text === before ? undefined : { path, text, what: parts.join(', and ') }
}
