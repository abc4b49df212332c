// Environments are described, not there. Only the last part asks a Python.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { needs } from '../../../../test/needs.ts'
import { checkProbe, findInterpreter, isolatedEnvironment, type PythonEnvironment, probeInterpreter } from './interpreter.ts'

const world = (
  files: readonly string[],
  env: PythonEnvironment['env'] = {},
  platform: NodeJS.Platform = 'linux',
): PythonEnvironment => ({
  platform,
  env,
  exists: (file) => files.includes(file),
  owners: ownersOf({}),
})

/** Files belong to Alice, who asks, but for these, by path. */
const ownersOf = (others: Readonly<Record<string, number>>, checkedIn: readonly string[] = []): PythonEnvironment['owners'] => ({
  users: [ALICE, ROOT],
  home: '/home/alice',
  ownerOf: (file) => others[file] ?? ALICE,
  isCheckedIn: (folder) => checkedIn.includes(folder),
})
const [ROOT, ALICE, MALLORY] = [0, 1000, 1001]
const found = (named: string | null, beside: string, given: PythonEnvironment) => {
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

  test('none if Python is switched off, but the one that is named', () => {
    expect(found(null, '/app/x.py', world(VENV, { WHYSLOW_PYTHON: 'off' }))).toBe('Python is switched off (WHYSLOW_PYTHON=off)')
    expect(found('/app/.venv', '/app/x.py', world(VENV, { WHYSLOW_PYTHON: 'off' }))).toEqual([
      '/app/.venv/bin/python',
      'named by --python',
    ])
  })

  test('the nearest beside the file or above it, else that of the path', () => {
    expect(found(null, '/app/src/deep/x.py', world(VENV))).toEqual(['/app/.venv/bin/python', 'the environment /app/.venv'])
    expect(found(null, '/other/x.py', world(VENV))).toEqual(['python3', 'python3 of the path'])
    expect(found(null, '/other/x.py', world([], {}, 'win32'))).toEqual(['py', 'the launcher py'])
  })
})

describe('an environment that is found, not named', () => {
  const venv = (folder: string) => [`${folder}/.venv/pyvenv.cfg`, `${folder}/.venv/bin/python`]
  const asked = (beside: string, files: readonly string[], owners: PythonEnvironment['owners']) => {
    const answer = findInterpreter({ named: null, beside }, { ...world(files), owners })
    return answer.ok && answer.interpreter
  }

  test('is not looked for above the first folder of another user', () => {
    const owners = ownersOf({ '/tmp': MALLORY })
    expect(asked('/tmp/a/b/x.py', venv('/tmp'), owners)).toMatchObject({ executable: 'python3' })
    expect(asked('/tmp/a/b/x.py', venv('/tmp/a'), owners)).toMatchObject({ executable: '/tmp/a/.venv/bin/python' })
  })

  test('is not looked for above the home folder', () => {
    expect(asked('/home/alice/app/x.py', venv('/home'), ownersOf({}))).toMatchObject({ executable: 'python3' })
    expect(asked('/home/alice/app/x.py', venv('/home/alice'), ownersOf({}))).toMatchObject({
      executable: '/home/alice/.venv/bin/python',
    })
  })

  test.each(['/tmp/.venv', '/tmp/.venv/pyvenv.cfg', '/tmp/.venv/bin/python'])(
    'is passed over, and the reason told, if %s belongs to another user',
    (file) => {
      expect(asked('/tmp/a/x.py', venv('/tmp'), ownersOf({ '/tmp': ROOT, [file]: MALLORY }))).toEqual({
        executable: 'python3',
        arguments: [],
        from: 'python3 of the path',
        passedOver: `the environment /tmp/.venv was passed over: ${file} belongs to another user; --python takes it all the same`,
      })
    },
  )

  test("is passed over in a folder of another user, as a container's root finds it", () => {
    expect(asked('/app/x.py', venv('/app'), ownersOf({ '/app': MALLORY }))).toEqual({
      executable: 'python3',
      arguments: [],
      from: 'python3 of the path',
      passedOver: 'the environment /app/.venv was passed over: /app belongs to another user; --python takes it all the same',
    })
  })

  test("is taken if it is root's", () => {
    const owners = ownersOf({ '/app': ROOT, '/app/.venv': ROOT, '/app/.venv/pyvenv.cfg': ROOT, '/app/.venv/bin/python': ROOT })
    expect(asked('/app/x.py', venv('/app'), owners)).toMatchObject({ executable: '/app/.venv/bin/python' })
  })

  test('is passed over if it came with the repository', () => {
    expect(asked('/clone/x.py', venv('/clone'), ownersOf({}, ['/clone/.venv']))).toMatchObject({
      executable: 'python3',
      passedOver: expect.stringContaining('it came with the git repository'),
    })
  })

  test('is taken all the same if it is named', () => {
    const owned = { ...world(venv('/tmp')), owners: ownersOf({ '/tmp/.venv': MALLORY }) }
    expect(found('/tmp/.venv', '/tmp/a/x.py', owned)).toEqual(['/tmp/.venv/bin/python', 'named by --python'])
  })
})

describe('asked what it is', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-probe-'))
  const marker = path.join(folder, 'ran')
  for (const name of ['json.py', 'importlib.py', 'sitecustomize.py', 'numpy.py'])
    fs.writeFileSync(path.join(folder, name), `open(${JSON.stringify(marker)}, 'w').close()\n`)
  afterAll(() => fs.rmSync(folder, { recursive: true }))
  const PYTHON = { executable: 'python3', arguments: [], from: 'python3 of the path' }
  const here = findCommand('python3')

  test.skipIf(!here).each([
    ['without PYTHONPATH', undefined],
    ['with the current folder on PYTHONPATH', folder],
    ['with an empty entry in PYTHONPATH', `${path.delimiter}/nowhere`],
    ['with a relative entry in PYTHONPATH', '.'],
  ])('it imports nothing of the current folder, %s', needs('python3 on the path'), async (_, pythonPath) => {
    const before = process.cwd()
    vi.stubEnv('PYTHONPATH', pythonPath)
    process.chdir(folder)
    try {
      expect(await probeInterpreter(PYTHON, { modules: ['json'], distributions: [] })).toMatchObject({
        ok: true,
        has: { json: true },
      })
    } finally {
      process.chdir(before)
      vi.unstubAllEnvs()
    }
    expect(fs.existsSync(marker)).toBe(false)
  })

  test('what else is on PYTHONPATH stays', () => {
    const list = (...entries: string[]) => entries.join(path.delimiter)
    const of = (PYTHONPATH: string) => isolatedEnvironment({ PYTHONPATH }, folder).PYTHONPATH
    expect(of(list('/opt/tools', folder, '', 'lib', process.cwd()))).toBe('/opt/tools')
    expect(of(list('', '.'))).toBe(undefined)
  })
})

function findCommand(name: string): boolean {
  return (process.env.PATH ?? '').split(path.delimiter).some((at) => fs.existsSync(path.join(at, name)))
}

test('what the collector does not run on is said', () => {
  const said = { executable: '/p', implementation: 'cpython', has: {}, versions: {} }
  expect(checkProbe({ ...said, version: '3.8.18' }, '/p')).toMatchObject({ ok: false, reason: '/p is Python 3.8.18' })
  expect(checkProbe({ ...said, version: '2.7.18' }, '/p')).toMatchObject({ ok: false, reason: '/p is Python 2.7.18' })
  expect(checkProbe({ ...said, version: '3.14.0', implementation: 'pypy' }, '/p')).toMatchObject({
    ok: false,
    reason: '/p is pypy, not CPython',
  })
  expect(checkProbe({ ...said, version: '3.9.1' }, '/p')).toMatchObject({ ok: true, version: '3.9.1' })
})
