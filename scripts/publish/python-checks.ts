/** What is wrong with a wheel or a source distribution, by the checkers that Python packages are usually checked with. */
import { basename } from 'node:path'
import { execa } from 'execa'
import { obtainUv } from '../environment.ts'
import { dateText, lockDate } from '../lock-date.ts'

/** The versions on PyPI. Newer ones may find more problems, so they are updated by hand. */
const twine = 'twine==7.0.0'
const checkWheelContents = 'check-wheel-contents==0.6.3'
const pyroma = 'pyroma==5.0.1'

/** Returns the complaints about a wheel. */
export async function wheelProblems(wheel: string): Promise<string[]> {
  return [
    ...(await complaints(twine, ['check', '--strict', wheel])),
    ...(await complaints(checkWheelContents, ['--toplevel', 'mlx_app', wheel])),
  ]
}

/** Returns the complaints about a source distribution. It takes seconds, because pyroma installs the build backend. */
export async function sdistProblems(sdist: string): Promise<string[]> {
  return [
    ...(await complaints(twine, ['check', '--strict', sdist])),
    // The authors are a group without an address.
    ...(await complaints(pyroma, ['--min', '10', '--skip-tests', 'AuthorEmail', sdist])),
  ]
}

/** Runs a tool from PyPI on a package. @returns its output if it fails. */
async function complaints(requirement: string, parameters: readonly string[]): Promise<string[]> {
  const [program = ''] = requirement.split('==')
  const flags = ['tool', 'run', '--quiet', '--exclude-newer', dateText(lockDate()), '--from', requirement]
  const { exitCode, all } = await execa(await obtainUv(), [...flags, program, ...parameters], {
    all: true,
    reject: false,
    env: { NO_COLOR: '1' },
  })
  return exitCode === 0 ? [] : [`${basename(parameters.at(-1) ?? '')}: ${program} complains:\n${all}`]
}
