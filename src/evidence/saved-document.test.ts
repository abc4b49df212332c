// The validators that are made of the types, on documents that were saved.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Ajv } from 'ajv'
import { afterAll, describe, expect, test } from 'vitest'
import { mulberry32 } from '../graph/random.ts'
import { historyEntry } from '../report/documents/example-history.ts'
import { revived } from './file.ts'
import { faultIn, readJson } from './saved-document.ts'

type Json = Record<string, unknown>
const fixtures = join(import.meta.dirname, '../../fixtures')
const golden = join(fixtures, 'golden')
const recorded = readdirSync(golden).filter((name) => name.endsWith('.evidence.json.gz'))
const evidence = (name: string): Json => JSON.parse(gunzipSync(readFileSync(join(golden, name))).toString(), revived)
const linear = () => evidence('linear.evidence.json.gz')
const report = (): Json & { latency: Json; engine: Json } => JSON.parse(readFileSync(join(fixtures, 'reports/tiny.json'), 'utf8'))

describe('evidence', () => {
  test.each(recorded)('%s is read', (name) => expect(faultIn('evidence', evidence(name))).toBeUndefined())

  test('what it may lack is read: what was not measured, and what versions before did not tell', () => {
    const { schema, toolVersion, createdAt, machine, absent, warnings, engine } = linear()
    const { deviceKind: _, ...before } = engine as Json
    const least = { schema, toolVersion, createdAt, machine, absent, warnings }
    expect(faultIn('evidence', least)).toBeUndefined()
    expect(faultIn('evidence', { ...least, engine: before, added: { later: 1 } })).toBeUndefined()
  })

  test.each([
    [{ machine: undefined }, 'machine is missing'],
    [{ warnings: 'none' }, 'warnings is not of type array'],
    [{ latency: { ...(linear().latency as Json), p50Ms: '3' } }, 'latency.p50Ms is not of type number'],
    [{ memory: { ...(linear().memory as Json), loadPeakBytes: '3' } }, 'memory.loadPeakBytes is not of type number or null'],
    [{ latency: { ...(linear().latency as Json), trust: 'E' } }, 'latency.trust is none of A, B, C, D'],
    [{ graph: { ...(linear().graph as Json), nodes: [{}] } }, 'graph.nodes.0.name is missing'],
    [{ device: 3 }, 'device is not of type object'],
    [{ given: [{ flag: '--shape' }] }, 'given.0.value is missing'],
    [{ otherEngines: {} }, 'otherEngines is not of type array'],
    [{ threadSweep: { ...(linear().threadSweep as Json), fit: 'none' } }, 'threadSweep.fit is not of type object'],
    [{ absent: { 'a/b': 1 } }, 'absent.a/b is not of type string'],
  ])('%j: %s', (wrong, words) => {
    expect(faultIn('evidence', { ...linear(), ...wrong })).toBe(words)
  })

  test('[] is no evidence', () => expect(faultIn('evidence', [])).toBe('it is not of type object'))
})

test.each([
  ['evidence', 'evidence/evidence.ts', 'Evidence', () => short(linear())],
  ['history-entry', 'report/documents/history.ts', 'HistoryEntry', () => historyEntry(1)],
] as const)('%s: what is shortened accepts and refuses what ajv itself does', async (kind, file, root, sound) => {
  const { makeSchema } = await import(new URL('../../scripts/make-schema.mjs', import.meta.url).href)
  const { $schema: _, ...schema } = makeSchema({ file: new URL(`../${file}`, import.meta.url), root })
  const valid = new Ajv({ allowUnionTypes: true, strictNumbers: false }).compile(schema)
  const random = mulberry32(5)
  const whole = sound()
  let refused = 0
  for (let k = 0; k < 200; k++) {
    const document = spoilt(whole, random)
    if (!valid(document)) refused++
    expect(faultIn(kind, document) === undefined, JSON.stringify(document)).toBe(valid(document))
  }
  expect(refused).toBeGreaterThan(50)
})

/** Of every list the first entry alone. */
function short<T>(value: T): T {
  if (Array.isArray(value)) return value.slice(0, 1).map(short) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, short(one)])) as T
}

/** One value somewhere in it is gone, or another. */
function spoilt<T extends object>(document: T, random: () => number): T {
  const whole = structuredClone(document)
  for (let at = whole as Json; ; ) {
    const keys = Object.keys(at)
    const key = keys[Math.floor(random() * keys.length)]
    if (key === undefined) return whole
    const inner = at[key]
    if (typeof inner === 'object' && inner !== null && random() < 0.7) {
      at = inner as Json
      continue
    }
    const others = [undefined, null, 'text', 1, true, [], {}, ['text']]
    at[key] = others[Math.floor(random() * others.length)]
    return whole
  }
}

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
