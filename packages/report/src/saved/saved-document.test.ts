// The validators that are made of the types, on documents that were saved.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { faultIn, readJson } from './saved-document.ts'

type Json = Record<string, unknown>
const tiny = join(import.meta.dirname, '../../../../fixtures/reports/tiny.json')
const report = (): Json & { latency: Json; engine: Json } => JSON.parse(readFileSync(tiny, 'utf8'))

describe('a baseline', () => {
  test('is read where it has what a check compares with, whatever else is gone', () => {
    const { schema, model, machine, engine, latency } = report()
    expect(faultIn('baseline', report())).toBeUndefined()
    expect(faultIn('baseline', { schema, model, machine, engine, latency })).toBeUndefined()
  })

  test.each([
    ['no latency', { latency: null }, 'latency is not of type object'],
    ['no engine', { engine: null }, 'engine is not of type object'],
    ['no time', { latency: { ...report().latency, p50Ms: 0 } }, 'latency.p50Ms is not above 0'],
    ['no version of the engine', { engine: { ...report().engine, version: undefined } }, 'engine.version is missing'],
    ['another document', { schema: 'whyslow-lint/1' }, 'schema is none of whyslow-report/1, whyslow-report/2'],
  ])('%s', (_, wrong, words) => expect(faultIn('baseline', { ...report(), ...wrong })).toBe(words))
})

describe('a JSON file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const read = (name: string) => readJson(join(folder, name), { what: `--against ${name}`, hint: 'give another' })

  test('is read, or one line says what it is', () => {
    writeFileSync(join(folder, 'a.json'), '{"a":1}')
    writeFileSync(join(folder, 'b.json'), '{"a":')
    expect(read('a.json')).toEqual({ a: 1 })
    expect(() => read('b.json')).toThrow('--against b.json: this is not JSON; give another')
    expect(() => read('c.json')).toThrow('--against c.json: no such file; give another')
    expect(() => read('.')).toThrow('--against .: this is a folder; give another')
  })
})
