/** The shell script that finds the interpreter of an app and runs it with the app's packages. */

/**
 * Returns the launcher.
 *
 * @param name the name of the folder with `_vendor`, in the app's resources.
 * @param binName the name of the launcher itself.
 */
export function launcherScript(name: string, binName: string): string {
  return `#!/bin/sh
# Runs the Python of this app with the packages in _vendor. To see how, run it with --help.
#
# The interpreter is the first of: EMBEDDED_PYTHON (a folder, or the program in its bin), python/ in
# RESOURCES_PATH or beside this folder, python3 on the PATH.
# The app is where the launcher is, also if it was started by a link, such as one in /usr/local/bin.
launcher=$0
while [ -L "$launcher" ]; do
  target=$(readlink "$launcher")
  case $target in
    /*) launcher=$target ;;
    *) launcher=$(dirname -- "$launcher")/$target ;;
  esac
done
here=$(CDPATH='' cd -- "$(dirname -- "$launcher")" && pwd -P) || exit 1
resources=\${RESOURCES_PATH:-$(dirname -- "$here")}
site=$here/_vendor
[ -d "$site" ] || site=$resources/${name}/_vendor
if [ ! -d "$site" ]; then
  echo "${binName}: the packages of the app are missing: there is no $site. Install the app again." >&2
  exit 5
fi
if [ -n "\${EMBEDDED_PYTHON:-}" ]; then
  python=$EMBEDDED_PYTHON
  [ -d "$python" ] && python=$python/bin/python3
  from="EMBEDDED_PYTHON is $EMBEDDED_PYTHON"
else
  python=$resources/python/bin/python3
  from="$python does not exist and there is no python3 on the PATH"
  [ -x "$python" ] || python=$(command -v python3)
fi
if [ ! -x "$python" ]; then
  echo "${binName}: there is no interpreter: $from. Install the app again, or set EMBEDDED_PYTHON." >&2
  exit 3
fi
# Settings for other Pythons of the user don't apply to this one.
for variable in $(env | sed -n 's/^\\(PYTHON[A-Z0-9_]*\\)=.*/\\1/p'); do unset "$variable"; done
export MLX_APP_LAUNCHER="$here/${binName}" PYTHONPATH="$site" PYTHONNOUSERSITE=1 PYTHONSAFEPATH=1
export PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1
[ "\${1:-}" = -m ] && exec "$python" "$@"
exec "$python" -m mlx_app.launcher "$@"
`
}
