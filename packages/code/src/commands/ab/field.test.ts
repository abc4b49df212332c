// What stands at a path, and what runs it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sourceOf } from './field.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-field-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const written = (name: string) => {
  writeFileSync(join(folder, name), '')
  return join(folder, name)
}
const none = { call: null, python: null }

test.each(['a.ts', 'a.mts', 'a.cts'])('types of %s are stripped before it runs', (name) => {
  const { language, interpreter } = sourceOf(written(name), none)
  expect(language).toBe('javascript')
  expect(interpreter[1]).toBe('--import')
  expect(interpreter[2]).toMatch(/^file:.*register-types\.js$/)
})

test('JavaScript runs as it is, and a function may be named behind the file', () => {
  const file = written('b.mjs')
  expect(sourceOf(`${file}:score`, none)).toEqual({
    file,
    language: 'javascript',
    call: 'score',
    start: 'imported',
    interpreter: [process.execPath],
  })
  // An empty file.
  expect(sourceOf(file, none).start).toBe('script')
  expect(() => sourceOf(written('b.rb'), none)).toThrow('not a program that is run here')
})
