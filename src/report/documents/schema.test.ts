// The shipped schema is the one that the types give, and the documents in fixtures/reports follow it.
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { renderJson } from '../text/json.ts'
import type { ReportDocument } from './report.ts'

const { makeSchema, schemaOf, DOCUMENTS } = await import(new URL('../../../scripts/make-schema.mjs', import.meta.url).href)
const at = (path: string) => new URL(path, import.meta.url)
const types = readFileSync(at('./report.ts'), 'utf8')
const shipped = readFileSync(at('./report.schema.json'), 'utf8')
const folder = at('../../../fixtures/reports/')
const names = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.includes('-changed'))
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as ReportDocument

test.each(Object.keys(DOCUMENTS))('%s is up to date', (name) => {
  expect(readFileSync(at(`./${name}`), 'utf8'), 'stale: run node scripts/make-schema.mjs').toBe(schemaOf(name))
})

describe.each(names)('%s', (name) => {
  test('follows the schema and has no field beyond it', () => {
    const open = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(shipped))
    const closed = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(makeSchema(types, { closed: true })))
    for (const valid of [open, closed]) expect(valid(read(name)), JSON.stringify(valid.errors)).toBe(true)
  })

  test('survives renderJson', () => expect(JSON.parse(renderJson(read(name)))).toEqual(read(name)))
})

test('the schema refuses what the types refuse', () => {
  const valid = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(shipped))
  const doc = read('cnn.json')
  const wrong: [string, unknown][] = [
    ['another version', { ...doc, schema: 'whyslow-report/2' }],
    ['a missing field', { ...doc, warnings: undefined }],
    ['an unknown area', { ...doc, findings: [{ ...doc.findings[0], area: 'magic' }] }],
    ['a number as text', { ...doc, latency: { ...doc.latency, p50Ms: '41.2' } }],
    ['null where a number must be', { ...doc, latency: { ...doc.latency, p50Ms: null } }],
    ['a missing area', { ...doc, areas: { ...doc.areas, hardware: undefined } }],
  ]
  for (const [what, value] of wrong) expect(valid(JSON.parse(JSON.stringify(value))), what).toBe(false)
  expect(valid({ ...doc, added: 1 }), 'an added field').toBe(true)
})

test('the generator refuses types that it does not know', () => {
  expect(() => makeSchema('export interface ReportDocument { a: Date | Map<string, number> & {} }')).toThrow(/does not know/)
})

test('renderJson keeps arrays of numbers on one line and refuses a number that is not finite', () => {
  const doc = read('cnn.json')
  expect(renderJson(doc)).toContain('"samplesMs": [41, 41.2, 41.2, 41.4, 42.7]')
  const broken = { ...doc, latency: { ...doc.latency!, p50Ms: Number.NaN } }
  expect(() => renderJson(broken)).toThrow(/p50Ms/)
})
