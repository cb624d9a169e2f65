"""What the launcher of an app with its own Python runs: diagnostics as JSON, or `mlx-app`.

`mlx-app vendor` of the npm package makes the launcher, a shell script that finds the interpreter.
These modules also run on an interpreter that does not fit the packages, to say so. Until that is
known, they import only the standard library, and nothing that Python 3.8 can't parse.
"""
