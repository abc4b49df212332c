// What scripts/make-validators.mjs makes of ajv's code: smaller, and the same in what it accepts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { STARTS as STARTS_READ } from '@whyslow/fleet/estimate/estimate.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { STARTS } from '@whyslow/model/analyze/breakdown.ts'
import { faultInEvidence, revive } from '@whyslow/model/evidence/file.ts'
import { faultIn } from '@whyslow/report/saved/saved-document.ts'
import { historyEntry } from '@whyslow/report/support/documents/example-history.ts'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { ROOT } from './root.ts'

type Json = Record<string, unknown>
const recorded = join(ROOT, 'fixtures/golden/linear.evidence.json.gz')
const linear = (): Json => JSON.parse(gunzipSync(readFileSync(recorded)).toString(), revive)

test.each([
  ['evidence', 'packages/model/src/evidence/evidence.ts', 'Evidence', () => short(linear()), faultInEvidence],
  [
    'history-entry',
    'packages/report/src/documents/history.ts',
    'HistoryEntry',
    () => historyEntry(1),
    (entry: unknown) => faultIn('history-entry', entry),
  ],
] as const)('%s: what is shortened accepts and refuses what ajv itself does', async (_, file, root, sound, fault) => {
  const { makeSchema } = await import(join(ROOT, 'scripts/make-schema.mjs'))
  const { $schema: _schema, ...schema } = makeSchema({ file: pathToFileURL(join(ROOT, file)), root })
  const valid = new Ajv({ allowUnionTypes: true, strictNumbers: false }).compile(schema)
  const random = mulberry32(5)
  const whole = sound()
  let refused = 0
  for (let k = 0; k < 200; k++) {
    const document = spoilt(whole, random)
    if (!valid(document)) refused++
    expect(fault(document) === undefined, JSON.stringify(document)).toBe(valid(document))
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

test('an estimate for another machine looks for the part of a breakdown by the name that analysis gives it', () => {
  expect(STARTS_READ).toBe(STARTS)
})
