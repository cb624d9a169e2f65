import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { pythonPackageName } from '../../src/project/python-package-name.ts'
import { program } from '../support/programs/find.ts'
import { needs } from '../support/programs/needs.ts'

describe('the Python package of a project', () => {
  it.each([
    ['my-app', 'my_app'],
    ['@scope/my-app', 'my_app'],
    ['a.b--c__d', 'a_b_c_d'],
    ['app', 'app'],
    ['2048', 'app_2048'],
    ['3d-chat', 'app_3d_chat'],
    ['-', 'my_app'],
    ['日本', 'my_app'],
    ['My App', 'my_app'],
  ])('for %s is %s', (name, python) => {
    expect(pythonPackageName(name)).toBe(python)
  })

  it.each([
    // Keywords, and soft ones.
    ['class', 'class_project'],
    ['match', 'match_project'],
    ['none', 'none_project'],
    // Modules of Python, of what a project stands on, and of its own tools.
    ['json', 'json_project'],
    ['test', 'test_project'],
    ['numpy', 'numpy_project'],
    ['mlx', 'mlx_project'],
    ['mlx-lm', 'mlx_lm_project'],
    ['mlx-app', 'mlx_app_project'],
    ['@me/transformers', 'transformers_project'],
    ['tests', 'tests_project'],
    ['build', 'build_project'],
  ])('for %s shadows nothing: %s', (name, python) => {
    expect(pythonPackageName(name)).toBe(python)
  })

  it('is no module or keyword of the installed Python', needs('python3'), () => {
    const code = `import json, keyword, sys
print(json.dumps([sorted(sys.stdlib_module_names), keyword.kwlist + keyword.softkwlist]))`
    const [modules, keywords]: string[][] = JSON.parse(
      execFileSync(program('python3'), ['-c', code], { encoding: 'utf8' }),
    )
    expect(modules?.length).toBeGreaterThan(150)
    const taken = new Set([...(modules ?? []), ...(keywords ?? [])].map((name) => name.toLowerCase()))
    for (const name of taken) {
      const made = pythonPackageName(name)
      expect(taken.has(made), name).toBe(false)
      expect(made, name).toMatch(/^[a-z][a-z0-9_]*$/)
    }
  })
})
