/** Modules of Python 3.11 to 3.14 whose names a project could have. */
const pythonModules = new Set(
  `
  abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb
  binascii bisect builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys
  compileall compression concurrent configparser contextlib contextvars copy copyreg cprofile crypt csv ctypes curses
  dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno
  faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass
  gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io
  ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math
  mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers
  opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib
  poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri
  random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil
  signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl
  stat statistics string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile
  telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace
  traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings
  wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo
`.match(/\w+/g),
)

/** Python's keywords, including the soft ones, which can't or should not be imported. */
const keywords = new Set(
  `and as assert async await break case class continue def del elif else except finally for from global if import in is
lambda match nonlocal not or pass raise return try type while with yield none true false`.match(/\w+/g),
)

/** Packages that projects import, and names of the folders and tools of a Python project. */
const projectModules = new Set(
  `mlx mlx_app mlx_audio mlx_lm mlx_vlm mlx_whisper anyio click cv2 datasets fastapi filelock fsspec google httpx huggingface_hub
ipykernel jinja2 llguidance msgspec multipart notebook numpy packaging pandas pil pip pydantic pygments pytest regex requests
rich ruff safetensors scipy sentencepiece setuptools starlette tokenizers torch tqdm transformers typer uvicorn uv wheel yaml
bin build conftest dist docs examples lib mypy scripts src test tests`.match(/\w+/g),
)

/** What is appended to a name that is taken, and the name to use if no character is left. */
const suffix = '_project'
const distributionSuffix = '-project'
const fallback = 'my_app'

/** What PyPI accepts as a name: https://packaging.python.org/specifications/name-normalization/. */
const distributionPattern = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i

/**
 * Returns the name of a project's Python package, made from its npm name: an identifier that is no keyword and shadows
 * no module that the project could import. It is `my_app` for `@scope/my-app`, `class_project` for `class`, and
 * `app_2048` for `2048`.
 */
export function pythonPackageName(name: string): string {
  const identifier = wordsOf(name).join('_')
  if (identifier === '') return fallback
  if (/^\d/.test(identifier)) return `app_${identifier}`
  return isTaken(identifier) ? identifier + suffix : identifier
}

/** Returns why a name can't be that of a project on PyPI, as a sentence; undefined if it can. */
export function distributionNameProblem(name: string): string | undefined {
  if (!distributionPattern.test(name)) {
    return 'A name on PyPI may contain only letters, digits, "-", "_" and ".", and must begin and end with a letter or a digit.'
  }
  const normalised = distributionNameFrom(name)
  return normalised.endsWith(distributionSuffix) && !name.endsWith(distributionSuffix)
    ? `It is a name of Python, or of a package that the project uses. ${normalised} is free of both.`
    : undefined
}

/**
 * Returns the name of a project on PyPI, made from any name and normalised: `my-package` for `@scope/My_Package`. A name
 * of Python or of a package that projects use gets a suffix: `json-project` for `json`.
 */
export function distributionNameFrom(name: string): string {
  const words = wordsOf(name)
  const normalised = words.join('-')
  if (normalised === '') return fallback.replaceAll('_', '-')
  return isTaken(words.join('_')) ? normalised + distributionSuffix : normalised
}

/** Returns the words of a name without its npm scope: `my` and `app` for `@scope/My-App`. */
function wordsOf(name: string): string[] {
  return name
    .slice(name.lastIndexOf('/') + 1)
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

function isTaken(identifier: string): boolean {
  return [pythonModules, keywords, projectModules].some((names) => names.has(identifier))
}
