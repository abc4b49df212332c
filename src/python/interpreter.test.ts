// Environments are described, not there; nothing is run.
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checked, findInterpreter, type PythonWorld } from './interpreter.ts'

const world = (files: readonly string[], env: PythonWorld['env'] = {}, platform: NodeJS.Platform = 'linux'): PythonWorld => ({
  platform,
  env,
  exists: (file) => files.includes(file),
})
const found = (named: string | null, beside: string, given: PythonWorld) => {
  const answer = findInterpreter({ named, beside }, given)
  return answer.ok ? [answer.interpreter.executable, answer.interpreter.from] : answer.reason
}
const VENV = ['/app/.venv/pyvenv.cfg', '/app/.venv/bin/python']

describe('which Python', () => {
  test('the one that is named: a path, an environment, a command', () => {
    expect(found('/app/.venv', '/app/x.py', world(VENV))).toEqual(['/app/.venv/bin/python', 'named by --python'])
    expect(found('/opt/python', '/app/x.py', world(['/opt/python']))).toEqual([path.resolve('/opt/python'), 'named by --python'])
    expect(found('python3.12', '/app/x.py', world([]))).toEqual(['python3.12', 'named by --python'])
    expect(found('/gone/python', '/app/x.py', world(VENV))).toBe('--python /gone/python: there is no such file')
  })

  test('the active environment, unless a shell left it over', () => {
    const files = ['/e/pyvenv.cfg', '/e/bin/python', ...VENV]
    expect(found(null, '/app/x.py', world(files, { VIRTUAL_ENV: '/e' }))).toEqual([
      '/e/bin/python',
      'the active environment (VIRTUAL_ENV)',
    ])
    expect(found(null, '/app/x.py', world(VENV, { VIRTUAL_ENV: '/e' }))).toEqual([
      '/app/.venv/bin/python',
      'the environment /app/.venv',
    ])
    expect(found(null, '/app/x.py', world(['/c/bin/python', ...VENV], { CONDA_PREFIX: '/c' }))).toEqual([
      '/c/bin/python',
      'the active environment (CONDA_PREFIX)',
    ])
  })

  test('the nearest beside the file or above it, else that of the path', () => {
    expect(found(null, '/app/src/deep/x.py', world(VENV))).toEqual(['/app/.venv/bin/python', 'the environment /app/.venv'])
    expect(found(null, '/other/x.py', world(VENV))).toEqual(['python3', 'python3 of the path'])
    expect(found(null, '/other/x.py', world([], {}, 'win32'))).toEqual(['py', 'the launcher py'])
  })
})

test('what the collector does not run on is said', () => {
  const said = { executable: '/p', implementation: 'cpython', has: {}, versions: {} }
  expect(checked({ ...said, version: '3.8.18' }, '/p')).toMatchObject({ ok: false, reason: '/p is Python 3.8.18' })
  expect(checked({ ...said, version: '2.7.18' }, '/p')).toMatchObject({ ok: false, reason: '/p is Python 2.7.18' })
  expect(checked({ ...said, version: '3.14.0', implementation: 'pypy' }, '/p')).toMatchObject({
    ok: false,
    reason: '/p is pypy, not CPython',
  })
  expect(checked({ ...said, version: '3.9.1' }, '/p')).toMatchObject({ ok: true, version: '3.9.1' })
})
