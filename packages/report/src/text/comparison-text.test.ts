import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { comparison, contestant } from '../../test/support/documents/example-comparison.ts'
import type { ReportDocument } from '../documents/report.ts'
import { renderComparison } from './comparison-text.ts'
import { shortNames } from './contestant-names.ts'
import { renderJson } from './json.ts'
import { cells } from './wrap.ts'

const { schemaOf } = await import(new URL('../../../../scripts/make-schema.mjs', import.meta.url).href)
const plain = { width: 80, colour: false }
const labelled = (value: number) => ({ metric: { name: 'accuracy', value, rows: 1000 } })
const models = comparison(
  [
    contestant('some/folder/a-model-with-a-long-name.onnx', 31, labelled(0.916)),
    contestant('some/folder/b.onnx', 10, labelled(0.91)),
    contestant('some/folder/broken.onnx', null),
  ],
  { of: 'models', warnings: ['something odd'] },
)
const engines = comparison(
  [
    contestant('ort-cpu', 10, {
      batches: [1, 8, 32].map((batch) => ({ batch, p50Ms: batch, ciLowMs: batch, ciHighMs: batch })),
      fit: { fixedMs: 0, perSampleMs: 1 },
    }),
    contestant('ort-webgpu', 100, { software: true, device: 'SwiftShader (software adapter, computes on the CPU)' }),
    contestant('ort-cuda', null, { outcome: 'not-here', reason: 'no library', fix: 'npm rebuild onnxruntime-node' }),
  ],
  { notHere: [{ id: 'ort-coreml', reason: 'not macOS', fix: 'use macOS' }] },
)

const valid = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(schemaOf('comparison.schema.json', { closed: true })))
describe.each([
  ['models', models],
  ['engines', engines],
])('%s', (_, doc) => {
  test.each([40, 57, 80, 132])('stay within %d columns', (width) => {
    const text = renderComparison(doc, { width, colour: false })
    expect(text.split('\n').filter((line) => cells(line) > width)).toEqual([])
    expect(text.endsWith('\n')).toBe(true)
  })

  test('follow the schema', () => {
    expect(valid(JSON.parse(renderJson(doc))), JSON.stringify(valid.errors)).toBe(true)
  })
})

test('the table has a row for each that was measured, fastest first, and others have their reason', () => {
  const text = renderComparison(models, plain)
  expect(text).toMatch(/^1\. b\.onnx .* 91\.0 % /m)
  expect(text).toMatch(/^2\. a-model-w…ame/m)
  expect(text.indexOf('1. ')).toBeLessThan(text.indexOf('2. '))
  expect(text).toContain('Not measured: broken.onnx: the engine’s process ended by SIGSEGV')
  expect(text).toContain('Warning: something odd')
})

test('an input says what it resembles, and one CPU is one', () => {
  const photo = { of: 'photo', range: [0, 255], why: '' } as const
  const cnn = JSON.parse(
    readFileSync(new URL('../../../../fixtures/reports/cnn.json', import.meta.url), 'utf8'),
  ) as ReportDocument
  const inputs = [{ ...cnn.model!.inputs[0]!, source: 'synthetic' as const, likeness: photo }]
  const reports = [{ ...cnn, machine: { ...cnn.machine, usableCpus: 1 }, model: { ...cnn.model!, inputs } }]
  const text = renderComparison({ ...models, reports }, { width: 400, colour: false })
  expect(text).toContain(' (representative: photo). ')
  expect(text).toMatch(/, 1 usable CPU\.$/m)
})

test('the precision has a column where an engine chooses it, beside how its outputs agree', () => {
  const agreement = { maxAbs: 0.02, cosine: 0.999, sqnrDb: 40, equal: false, top1: null, metric: null }
  const chosen = { precision: 'bfloat16', runtime: 'OpenVINO', agreement }
  const text = renderComparison(comparison([contestant('ort-cpu', 10), contestant('openvino-bf16', 5, chosen)]), {
    width: 80,
    colour: false,
  })
  expect(text).toMatch(/engine +latency +floats +outputs/)
  expect(text).toMatch(/openvino-bf16 .* bfloat16 +±0\.02/)
  expect(text).toMatch(/ort-cpu .* as given/)
  expect(
    renderComparison(comparison([contestant('ort-cpu', 10), contestant('ort-wasm', 5)]), { width: 80, colour: false }),
  ).not.toContain('floats')
})

test('a question mark is explained below the table, and nothing is where there is none', () => {
  const other = contestant('b.onnx', 2, { agreementReason: 'other outputs' })
  const unlike = comparison([contestant('a.onnx', 1, { macs: null }), other], { of: 'models' })
  expect(renderComparison(unlike, plain)).toContain('?: outputs not compared; other outputs; work not known')
  expect(renderComparison(models, plain)).not.toContain('?:')
})

test('a software adapter has no place, and what is missing says how to get it', () => {
  const text = renderComparison(engines, plain)
  expect(text).toMatch(/^ {3}ort-webgpu /m)
  expect(text).toMatch(/Not measured: ort-cuda: no library; npm rebuild/)
  expect(text).toContain('Not here: ort-coreml.')
  expect(text).toMatch(/ort-cpu: 1 → 1\.00 ms, 8 → 8\.00 ms, 32 → 32\.0 ms; 0 ms \+ 1\.00 ms a sample/)
})

test('the last lines say who had fewer rounds or samples than most', () => {
  const report = JSON.parse(
    readFileSync(new URL('../../../../fixtures/reports/cnn.json', import.meta.url), 'utf8'),
  ) as ReportDocument
  const [block] = report.latency!.blocks
  const rounds = (count: number): ReportDocument => ({
    ...report,
    latency: { ...report.latency!, blocks: Array(count).fill(block) },
  })
  const doc = comparison(
    [
      contestant('ort-cpu', 10, { report: 0 }),
      contestant('ort-wasm', 20, { report: 1, agreementSamples: 8 }),
      contestant('browser-wasm', 20, { report: 2, agreementSamples: 8 }),
      contestant('ort-webgpu', 100, { report: 3, agreementSamples: 1, software: true }),
    ],
    { reports: [5, 5, 5, 1].map(rounds) },
  )
  const text = renderComparison(doc, { width: 200, colour: false })
  expect(text).toContain('5 rounds of fresh processes in turns (1 of ort-webgpu);')
  expect(text).toContain('outputs compared on 8 samples (one sample of ort-webgpu).')
})

test('names are as short as tells them apart', () => {
  const names = (...ids: string[]) => [...shortNames(ids).values()]
  expect(names('x/a.onnx', 'x/b.onnx')).toEqual(['a.onnx', 'b.onnx'])
  expect(names('a/m.onnx', 'b/m.onnx')).toEqual(['a/m.onnx', 'b/m.onnx'])
  expect(names('m.onnx', 'b/m.onnx')).toEqual(['m.onnx', 'b/m.onnx'])
  expect(names('ort-cpu', 'ort-wasm')).toEqual(['ort-cpu', 'ort-wasm'])
})
