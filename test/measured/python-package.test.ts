// The Python package as it stands in the repository: its budget fixture and its notebook magic, in each CPython that is named.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { needs } from '../needs.ts'

const PYTHON = path.resolve(import.meta.dirname, '../../python')
/** test_whyslow.py tests the installed wheel: pack.test.ts runs it. */
const tests = readdirSync(path.join(PYTHON, 'tests')).filter((name) => name !== 'test_whyslow.py' && name.endsWith('.py'))

const own = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const pythons = [own, ...(process.env.WHYSLOW_PYTHONS?.split(':') ?? [])].filter(
  (python) => spawnSync(python, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0,
)

test.skipIf(pythons.length === 0)('passes its tests', { ...needs('CPython 3.9 or newer'), timeout: 120_000 }, () => {
  for (const python of pythons) {
    for (const name of tests) {
      const { status, stderr } = spawnSync(python, [path.join(PYTHON, 'tests', name)], {
        env: { ...process.env, PYTHONPATH: PYTHON, PYTHONDONTWRITEBYTECODE: '1' },
        encoding: 'utf8',
      })
      expect(status, `${python} ${name}: ${stderr}`).toBe(0)
    }
  }
})
