// The page draws what a document holds, and nothing of it is lost on the way; what an earlier version lacks is filled in, and never with a number.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  normalAb,
  normalComparison,
  normalDistill,
  normalEmbedding,
  normalGap,
  normalGeneration,
  normalLint,
  normalLoad,
  normalReport,
  normalStudy,
} from '../../packages/report/web/src/normal.ts'

interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

const { makeSchema } = await import(new URL('../../scripts/make-schema.mjs', import.meta.url).href)
const { makeDefaults, defaultsFile, DRAWN } = await import(new URL('../../scripts/make-defaults.mjs', import.meta.url).href)

const NORMAL: Readonly<Record<string, (given: unknown) => object>> = {
  ReportDocument: normalReport,
  ComparisonDocument: normalComparison,
  LoadDocument: normalLoad,
  StudyDocument: normalStudy,
  AbDocument: normalAb,
  GapDocument: normalGap,
  DistillDocument: normalDistill,
  LintDocument: normalLint,
  GenerationDocument: normalGeneration,
  EmbeddingDocument: normalEmbedding,
}

/** A value of that schema with every field set, null only where nothing else may stand. */
function whole(schema: Schema, all: Schema): unknown {
  if (schema.$ref !== undefined) return whole(all.$defs![schema.$ref.split('/').at(-1)!]!, all)
  if (schema.anyOf !== undefined) return whole(schema.anyOf.find(({ type }) => type !== 'null')!, all)
  if ('const' in schema) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const type = [schema.type].flat().find((one) => one !== 'null')
  if (type === 'array') return [whole(schema.items!, all)]
  if (type !== 'object') return type === 'number' ? 7 : type === 'boolean' ? true : 'text'
  const { properties = {}, additionalProperties: rest } = schema
  return Object.fromEntries([
    ...Object.entries(properties).map(([name, field]) => [name, whole(field, all)]),
    ...(rest === undefined ? [] : [['another', whole(rest, all)]]),
  ])
}

const schemaOf = (root: string): Schema =>
  makeSchema({ file: new URL(`../../packages/report/src/documents/${DRAWN[root]}`, import.meta.url), root })

test('defaults.json is what the types of the documents give', () => {
  expect(readFileSync(defaultsFile, 'utf8'), 'stale: run npm run schema').toBe(makeDefaults())
})

describe.each(Object.keys(DRAWN))('%s', (root) => {
  test('nothing is lost of a document with every field set', () => {
    const schema = schemaOf(root)
    const document = whole(schema, schema)
    expect(JSON.stringify(document).length).toBeGreaterThan(300)
    expect(NORMAL[root]!(document)).toEqual(document)
  })

  test('of an empty one every list is there, and no field is undefined or a number but times of areas', () => {
    const filled = NORMAL[root]!({})
    const { properties = {}, required = [] } = schemaOf(root) as Schema & { required?: readonly string[] }
    for (const name of required) if (properties[name]!.type === 'array') expect(filled, name).toHaveProperty(name, [])
    const numbers = Object.entries(filled).flatMap(([name, value]) => (/:-?\d/.test(JSON.stringify(value)) ? [name] : []))
    expect(numbers.filter((name) => !['areas', 'borders'].includes(name))).toEqual([])
  })
})

test('what is not told of a machine is null, and what is told stays', () => {
  const { machine } = normalReport({ machine: { cpu: 'x', memoryBytes: 8e9, isa: 'avx2' } })
  expect(machine).toEqual({
    ...{ cpu: 'x', usableCpus: null, quotaCpus: null, memoryBytes: 8e9, virtualised: null },
    ...{ isa: [], accelerators: [], caches: {}, roofs: [] },
  })
})
