// Damaged models: whatever stands in the file, reading gives a model or an InputError, never another error and never no end.
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import { modelFacts } from '@whyslow/graph/facts.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { stripWeights } from '@whyslow/graph/support/strip.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { withWeightStatistics } from '@whyslow/graph/weight-statistics.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identify } from './identify.ts'
import { decodeOnnx } from './onnx.ts'

const SEED = 20240607
const RUNS = 300

const originals = [
  'symbolic-batch.onnx',
  'constant-node-weights.onnx',
  'transformer-block.onnx',
  'if-subgraph.onnx',
  'endless-loop.onnx',
  'local-function.onnx',
  'qdq.onnx',
  'zipmap.onnx',
  'int4-output.onnx',
  'external-data.onnx',
  'credit_lr.onnx',
].map((name) => ({
  name,
  bytes: new Uint8Array(fs.readFileSync(fileURLToPath(new URL(`../../../fixtures/models/${name}`, import.meta.url)))),
}))

/** Everything that is done with a model that was read. */
function use(bytes: Uint8Array): 'model' | 'refused' {
  try {
    identify(bytes, bytes.length, 'damaged.onnx')
    const proto = decodeOnnx(bytes, 'damaged.onnx')
    const source = { file: 'damaged.onnx', format: 'onnx', sha256: '', sizeBytes: bytes.length }
    const model: Model = { proto, source, origins: new Map(), weights: new Map() }
    modelFacts(model)
    for (const constant of constantsOf(model)) if (constant.dtype !== 'string') readBytes(model, constant)
    withWeightStatistics(model, viewGraph(model))
    viewGraph({ ...model, proto: stripWeights(proto) })
    return 'model'
  } catch (error) {
    if (error instanceof InputError) {
      expect(error.message).not.toMatch(/\n/)
      return 'refused'
    }
    throw error
  }
}

const anyOriginal = fc.constantFrom(...originals)
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

function at(bytes: Uint8Array, share: number): number {
  return Math.floor(share * bytes.length)
}

describe('damaged models', () => {
  test('bytes changed', () => {
    const outcomes = new Set<string>()
    const flips = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(anyOriginal, flips, ({ bytes }, changes) => {
        const damaged = bytes.slice()
        for (const [share, mask] of changes) damaged[at(damaged, share)]! ^= mask
        outcomes.add(use(damaged))
      }),
      { seed: SEED, numRuns: RUNS },
    )
    expect([...outcomes].sort()).toEqual(['model', 'refused'])
  })

  test('cut off, put in, taken out, run together', () => {
    fc.assert(
      fc.property(
        anyOriginal,
        anyOriginal,
        place,
        place,
        fc.uint8Array({ maxLength: 40 }),
        ({ bytes }, other, from, to, inserted) => {
          const [low, high] = [at(bytes, Math.min(from, to)), at(bytes, Math.max(from, to))]
          use(bytes.slice(0, low))
          use(Uint8Array.of(...bytes.subarray(0, low), ...inserted, ...bytes.subarray(low)))
          use(Uint8Array.of(...bytes.subarray(0, low), ...bytes.subarray(high)))
          use(Uint8Array.of(...bytes.subarray(0, low), ...other.bytes))
        },
      ),
      { seed: SEED, numRuns: RUNS / 2 },
    )
  })

  test('bytes of no meaning, and protobuf of another meaning', () => {
    const field = fc
      .tuple(fc.integer({ min: 1, max: 30 }), fc.constantFrom(0, 1, 2, 5), fc.uint8Array({ maxLength: 60 }))
      .map(message)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(field, { maxLength: 8 }), (noise, fields) => {
        expect(use(noise)).toBe('refused')
        expect(use(Uint8Array.from(fields.flat()))).toBe('refused')
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })
})

/** One protobuf field of the given number, wire type and content. */
function message([number, wire, content]: [number, number, Uint8Array]): number[] {
  const tag = number < 16 ? [number * 8 + wire] : [((number * 8 + wire) & 0x7f) | 0x80, (number * 8 + wire) >> 7]
  if (wire === 0) return [...tag, content.length]
  if (wire === 2) return [...tag, content.length, ...content]
  return [...tag, ...Array.from({ length: wire === 1 ? 8 : 4 }, (_, index) => content[index] ?? 0)]
}
