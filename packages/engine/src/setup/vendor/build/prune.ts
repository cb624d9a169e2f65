/** What an app never uses, and what it must not have. */

/** Files of the packages, by their names in the folder `_vendor`. */
export const unusedPackageFiles: readonly RegExp[] = [
  // Scripts that start with the path of the Python that installed them.
  /^bin\//,
  // For compiling against MLX and numpy.
  /^mlx\/(include|share|lib\/cmake)\//,
  /^numpy\/f2py\//,
  /\.(h|hpp|a|pyi)$/,
  // Tests.
  /(^|\/)tests?\//,
  // The networks of transformers, which need PyTorch. mlx-lm has its own. The rest of a model's folder is needed.
  /^transformers\/models\/(?!auto\/)[^/]+\/(modeling|modular|processing|feature_extraction|image_processing|image_processing_pil|video_processing)_[^/]*\.py$/,
  // What was compiled in another place.
  /(^|\/)__pycache__\//,
  // uv's lock of the folder, and where a wheel was on the machine that built the app.
  /^\.lock$/,
  /^[^/]+\.dist-info\/(direct_url|uv_cache)\.json$/,
]

/** Files of the interpreter, by their names in its folder. Nothing is installed on the user's machine: pip goes too. */
export const unusedInterpreterFiles: readonly RegExp[] = [
  /^bin\/(?!python3?(\.\d+)?$)/,
  /^(include|share)\//,
  /^lib\/(pkgconfig|itcl|tcl|tk|thread)[^/]*\//,
  /^lib\/lib(tcl|tk)[^/]*$/,
  /^lib\/python3\.\d+\/(test|idlelib|tkinter|turtledemo|ensurepip|lib2to3|pydoc_data|config-[^/]*)\//,
  /^lib\/python3\.\d+\/(.*\/)?tests?\//,
  /^lib\/python3\.\d+\/lib-dynload\/_(tkinter|test|ctypes_test|xxtest)[^/]*\.so$/,
  /^lib\/python3\.\d+\/site-packages\/(pip|setuptools|wheel|pkg_resources|_distutils_hack)(-[^/]*)?\//,
  /\.a$/,
  /(^|\/)__pycache__\//,
]
