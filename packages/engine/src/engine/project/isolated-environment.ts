/**
 * The environment of every Python, uv and pip that the package starts: the set-up, the doctor and the worker use the same
 * function, so that what works in one works in all.
 */
import { pythonFromVariable } from './python-variables.ts'

/** Variables of Python that only change how it writes. Others change which code runs, and how. */
const keptOfPython = ['DONTWRITEBYTECODE', 'PYCACHEPREFIX', 'IOENCODING', 'UTF8']

/** What pip and uv may learn from the user: where packages come from and how to reach it, as pip spells it. */
const keptOfPip = [
  ...['INDEX_URL', 'EXTRA_INDEX_URL', 'FIND_LINKS', 'NO_INDEX', 'TRUSTED_HOST', 'KEYRING_PROVIDER'],
  ...['PROXY', 'CERT', 'CLIENT_CERT', 'USE_FEATURE', 'TIMEOUT', 'DEFAULT_TIMEOUT', 'RETRIES'],
  ...['CACHE_DIR', 'NO_CACHE_DIR', 'CONFIG_FILE', 'NO_INPUT', 'PROGRESS_BAR', 'NO_COLOR'],
]

/** The same as uv spells it, with its downloads of Python. The ones of an index also hold its name. */
const keptOfUv = [
  ...['INDEX', 'DEFAULT_INDEX', 'INDEX_URL', 'EXTRA_INDEX_URL', 'FIND_LINKS', 'NO_INDEX', 'INDEX_STRATEGY'],
  ...['KEYRING_PROVIDER', 'INSECURE_HOST', 'ALLOW_INSECURE_HOST', 'CREDENTIALS_DIR'],
  ...['NATIVE_TLS', 'SYSTEM_CERTS', 'OFFLINE', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
  ...['HTTP_TIMEOUT', 'HTTP_CONNECT_TIMEOUT', 'HTTP_RETRIES', 'REQUEST_TIMEOUT'],
  ...['CACHE_DIR', 'NO_CACHE', 'LINK_MODE', 'NO_PROGRESS', 'CONFIG_FILE'],
  ...['CONCURRENT_BUILDS', 'CONCURRENT_DOWNLOADS', 'CONCURRENT_INSTALLS'],
  ...[
    'PYTHON_INSTALL_MIRROR',
    'PYTHON_DOWNLOADS',
    'PYTHON_DOWNLOADS_JSON_URL',
    'PYTHON_PREFERENCE',
    'PYTHON_INSTALL_DIR',
    'PYTHON_CACHE_DIR',
  ],
]
const isNamedIndex = /^INDEX_\w+_(USERNAME|PASSWORD)$/

/** Variables of programs that manage Python environments. macOS sets the last one. */
const ofOtherEnvironments = /^(_?CONDA_.*|_CE_(M|CONDA)|PYENV_VERSION|VIRTUALENV_.*|__PYVENV_LAUNCHER__)$/

/** Whether an option in a configuration file of pip or uv, such as `index-url`, may reach them. */
export function isKeptOption(program: 'pip' | 'uv', option: string): boolean {
  const kept = program === 'pip' ? keptOfPip : keptOfUv
  return kept.includes(option.toUpperCase().replaceAll('-', '_'))
}

/**
 * Returns the user's environment without the settings that would change which code a Python runs, and what is installed
 * and where. Indexes, proxies, certificates, mirrors and caches stay.
 *
 * @param keepsPath whether PYTHONPATH stays: a Python that the user names may need it to find MLX.
 */
export function isolatedEnvironment(
  environment: NodeJS.ProcessEnv,
  keepsPath = pythonFromVariable(environment) !== undefined,
): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => {
      const [, program, setting = ''] = /^(PYTHON_?|PIP_|UV_)(.*)$/.exec(name) ?? []
      if (program === 'PIP_') return keptOfPip.includes(setting)
      if (program === 'UV_') return keptOfUv.includes(setting) || isNamedIndex.test(setting)
      if (program !== undefined) return keptOfPython.includes(setting) || (keepsPath && setting === 'PATH')
      return !ofOtherEnvironments.test(name)
    }),
  )
}
