// Where the package that replaces a program's models is to be kept.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { programRoot } from './python-package.ts'

test('a program in a package imports from the folder that the outermost package is in', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-package-'))
  try {
    const [inner, program] = [path.join(folder, 'app', 'api'), path.join(folder, 'app', 'api', 'main.py')]
    fs.mkdirSync(inner, { recursive: true })
    fs.writeFileSync(path.join(inner, '__init__.py'), '')
    expect(programRoot(program)).toBe('the package `api`')
    fs.writeFileSync(path.join(folder, 'app', '__init__.py'), '')
    expect(programRoot(program)).toBe('the package `app`')
    expect(programRoot(path.join(folder, 'service.py'))).toBe('`service.py`')
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
