import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FEWER_CASES, TAKE_LONG } from './long.ts'
import { filesUnder, ROOT } from './sources.ts'

test('what npm test runs with fewer cases is listed, and printed at its end', () => {
  const files = ['packages', 'test'].flatMap((folder) => filesUnder(folder, (path) => path.endsWith('.ts')))
  const asking = files.filter((path) => /\bfullOr((Every)?\(\d|LastOf\()/.test(readFileSync(join(ROOT, path), 'utf8')))
  expect(new Set(asking)).toEqual(new Set(FEWER_CASES))
})

test('whoever skips a test by a condition says what it needs', () => {
  const files = ['packages', 'test'].flatMap((folder) => filesUnder(folder, (path) => path.endsWith('.test.ts')))
  const silent = files.filter((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return /\.(skipIf|runIf)\(/.test(text) && !/\bneeds(Engine)?\(|\b(LINUX|UNIX)\b/.test(text)
  })
  expect(silent).toEqual([])
})

test('each file that npm test leaves out exists', () => {
  expect(TAKE_LONG.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
