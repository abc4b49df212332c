// The shipped schema is the one that the types give, and the documents in fixtures/reports follow it.
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { renderJson } from '../text/json.ts'
import type { ReportDocument } from './report.ts'

const { makeSchema, schemaOf, DOCUMENTS } = await import(new URL('../../../../scripts/make-schema.mjs', import.meta.url).href)
const at = (path: string) => new URL(path, import.meta.url)
const shipped = readFileSync(at('./report.schema.json'), 'utf8')
const folder = at('../../../../fixtures/reports/')
const names = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.includes('-changed'))
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as ReportDocument

test.each(Object.keys(DOCUMENTS))('%s is up to date', (name) => {
  expect(readFileSync(at(`./${name}`), 'utf8'), 'stale: run node scripts/make-schema.mjs').toBe(schemaOf(name))
})

const compiled = (schema: string) => new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(schema))
const open = compiled(shipped)
const closed = compiled(schemaOf('report.schema.json', { closed: true }))

describe.each(names)('%s', (name) => {
  test('follows the schema and has no field beyond it', () => {
    for (const valid of [open, closed]) expect(valid(read(name)), JSON.stringify(valid.errors)).toBe(true)
  })

  test('survives renderJson', () => expect(JSON.parse(renderJson(read(name)))).toEqual(read(name)))
})

test('the schema refuses what the types refuse', () => {
  const doc = read('cnn.json')
  const wrong: [string, unknown][] = [
    ['another version', { ...doc, schema: 'whyslow-report/3' }],
    ['a missing field', { ...doc, warnings: undefined }],
    ['an unknown area', { ...doc, findings: [{ ...doc.findings[0], area: 'magic' }] }],
    ['a number as text', { ...doc, latency: { ...doc.latency, p50Ms: '41.2' } }],
    ['null where a number must be', { ...doc, latency: { ...doc.latency, p50Ms: null } }],
    ['a missing area', { ...doc, areas: { ...doc.areas, hardware: undefined } }],
  ]
  for (const [what, value] of wrong) expect(open(JSON.parse(JSON.stringify(value))), what).toBe(false)
  expect(open({ ...doc, added: 1 }), 'an added field').toBe(true)
})

test('the generator refuses types that it does not know', () => {
  const text = 'export interface Example { a: Date | Map<string, number> & {} }'
  expect(() => makeSchema({ file: at('./example.ts'), root: 'Example', text })).toThrow(/no Date/)
  expect(() => makeSchema({ file: at('./example.ts'), root: 'Example', text: text.replace('Date', 'string') })).toThrow(
    /does not know/,
  )
})

test('the generator follows imports and what is extended, and bounds numbers', () => {
  const text = `import type { Machine } from '@whyslow/measure/machine/types.ts'
    interface Base { readonly name: string }
    export interface Example extends Base {
      /** @exclusiveMinimum 0 */
      timeMs: number; machine?: Readonly<Machine>; is?: true }`
  const schema = makeSchema({ file: at('./example.ts'), root: 'Example', text })
  expect(schema.required).toEqual(['name', 'timeMs'])
  expect(schema.properties).toEqual({
    name: { type: 'string' },
    timeMs: { type: 'number', exclusiveMinimum: 0 },
    machine: { $ref: '#/$defs/Machine' },
    is: { const: true },
  })
  expect(schema.$defs.Machine.properties.quotaCpus.type).toEqual(['number', 'null'])
})

test('renderJson keeps arrays of numbers on one line and refuses a number that is not finite', () => {
  const doc = read('cnn.json')
  expect(renderJson(doc)).toContain('"samplesMs": [41, 41.2, 41.2, 41.4, 42.7]')
  const broken = { ...doc, latency: { ...doc.latency!, p50Ms: Number.NaN } }
  expect(() => renderJson(broken)).toThrow(/p50Ms/)
})
