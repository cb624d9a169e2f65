/** Packs an installed package again as a wheel, as if a developer had built it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { findInterpreter, findProject } from '../../../src/engine/project/index.ts'

const pack = `
import importlib.metadata as metadata, pathlib, sys, zipfile
name, version, folder, tag, extra = sys.argv[1:]
found = metadata.distribution(name)
base = name.replace("-", "_")
tag = tag or [line[5:] for line in found.read_text("WHEEL").splitlines() if line.startswith("Tag: ")][0]
path = pathlib.Path(folder) / f"{base}-{version}-{tag}.whl"
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
    for file in found.files:
        if file.suffix == ".pyc" or str(file).startswith("..") or ".dist-info" in file.parts[0]:
            continue
        text = file.locate().read_bytes()
        if str(file) == f"{base}/__init__.py":
            text += extra.encode()
        wheel.writestr(str(file), text)
    information = f"{base}-{version}.dist-info"
    body = found.read_text("METADATA").replace(f"Version: {found.version}", f"Version: {version}", 1)
    wheel.writestr(f"{information}/METADATA", body)
    wheel.writestr(f"{information}/WHEEL", f"Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: {tag}\\n")
    names = "".join(f"{each.filename},,\\n" for each in wheel.infolist())
    wheel.writestr(f"{information}/RECORD", names + f"{information}/RECORD,,\\n")
print(path)
`

export interface CustomWheelOptions {
  version: string
  /** The folder that gets the wheel. */
  folder: string
  /** The tag in its name, if it is not the one of the installed package. */
  tag?: string
  /** Code for the end of the package's __init__.py. */
  extraCode?: string
}

/** Makes a wheel of an installed package. @returns its path. */
export function customWheel(
  name: 'mlx' | 'mlx-lm',
  { version, folder, tag = '', extraCode = '' }: CustomWheelOptions,
): string {
  const { python } = findInterpreter(findProject(import.meta.dirname))
  mkdirSync(folder, { recursive: true })
  return execFileSync(python, ['-c', pack, name, version, folder, tag, extraCode], {
    encoding: 'utf8',
  }).trim()
}
