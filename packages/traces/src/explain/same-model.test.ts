import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readModel } from '@whyslow/formats/index.ts'
import { floatTensor, model as graphOf, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { ReportDocument, ReportNode } from '@whyslow/report/documents/report.ts'
import { renderTrace } from '@whyslow/report/text/trace-text.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { factsOf } from '../facts/facts-of.ts'
import { readTrace } from '../recordings/index.ts'
import { explainTrace } from './explain-trace.ts'
import { readSameModel, sameModelSection } from './same-model.ts'

const traces = join(import.meta.dirname, '../../../../fixtures/traces')
const folder = mkdtempSync(join(tmpdir(), 'whyslow-same-model-'))
afterAll(() => rmSync(folder, { recursive: true }))
const createdAt = '2026-01-01T00:00:00.000Z'
const TRACE = join(traces, 'torch-model.json.gz')
const MODEL = join(traces, 'torch-model.onnx')

const facts = await readTrace(TRACE).then((recording) => factsOf(recording, { calls: true }))
const model = await readModel(MODEL)

type Node = ReportNode
const measured = (name: string, origin: string[], timeMs: number): Node => ({
  ...{ name, opType: 'x', origin, timeMs, share: timeMs / 10, macs: null, flops: null, bytes: null, floorMs: null, bound: null },
  ...{ areasMs: null, inputs: [], outputs: [] },
})

/** What of a report is looked at. */
function here(nodes: readonly Node[], batch = 4): { file: string; report: ReportDocument } {
  const inputs = [{ name: 'images', shape: [batch, 3, 64, 64] }]
  const report = {
    nodes,
    latency: { p50Ms: 10 },
    machine: { cpu: 'a CPU' },
    engine: { id: 'ort-cpu', version: '1' },
    model: { inputs },
  }
  return { file: 'here.json', report: report as unknown as ReportDocument }
}

function sectionOf(...given: Parameters<typeof sameModelSection>) {
  const told = sameModelSection(...given)
  if (typeof told === 'string') throw new Error(told)
  return told
}

describe('a model that PyTorch exported and profiled', () => {
  const { section, warnings } = sectionOf(facts, { model }, undefined)

  test('every node that computes is joined, every operator has its node', () => {
    expect(section).toMatchObject({
      nodes: 52,
      joinedNodes: 52,
      runs: 5,
      otherRuns: 0,
      sizes: { batch: 4 },
      notJoined: [],
      operatorsNotJoined: [],
    })
    // The rest are views, which no node stands for.
    expect(section.joinedShare).toBeCloseTo(0.989, 3)
    expect(warnings).toEqual([])
  })

  test('each with what it is, in the order of the model', () => {
    const rows = section.rows.map(({ nodes, operators }) => [nodes[0], nodes.length, operators.join()])
    expect(rows.slice(0, 7)).toEqual([
      ['/stem/stem.0/Conv', 1, 'aten::conv2d'],
      ['/stem/stem.1/Relu', 1, 'aten::relu'],
      ['/stem/stem.2/Conv', 1, 'aten::conv2d'],
      ['/stem/stem.3/Relu', 1, 'aten::relu'],
      ['/stem/stem.4/MaxPool', 1, 'aten::max_pool2d'],
      ['/blocks/blocks.0/norm1/LayerNormalization', 1, 'aten::layer_norm'],
      ['/blocks/blocks.0/qkv/MatMul', 2, 'aten::linear'],
    ])
    expect(rows).toContainEqual(['/blocks/blocks.1/Softmax', 5, 'aten::scaled_dot_product_attention'])
    expect(rows).toContainEqual(['/blocks/blocks.1/Erf', 5, 'aten::gelu'])
    expect(rows.at(-1)).toEqual(['/Softmax', 1, 'aten::softmax'])
  })

  test('work is the model’s, at the recorded sizes', () => {
    const conv = section.rows.find(({ nodes }) => nodes[0] === '/stem/stem.2/Conv')!
    // Outputs 4 x 16 x 32 x 32, each of 16 x 3 x 3.
    expect(conv.macs).toBe(4 * 16 * 32 * 32 * 16 * 9)
    // By the recorded shapes, where the model does not tell: 2 products of 4 x 4 heads, 256 x 256 x 4.
    const attention = section.rows.find(({ nodes }) => nodes[0] === '/blocks/blocks.1/Softmax')!
    expect(attention.macs).toBe(2 * 4 * 4 * 256 * 256 * 4)
  })

  test('shares are of a step: they add up to what its operators take', () => {
    const sum = section.rows.reduce((all, { share }) => all + share, 0)
    expect(sum).toBeGreaterThan(0.5)
    expect(sum).toBeLessThanOrEqual(1)
    const timed = sectionOf(facts, { model }, 20).section
    expect(timed.rows[0]!.timeMs).toBeCloseTo(20 * section.rows[0]!.share, 9)
  })
})

describe('beside a report from here', () => {
  test('each row has what the nodes of it took; operators that one kernel does are one row', () => {
    const given = here([
      measured('fused', ['/stem/stem.0/Conv', '/stem/stem.1/Relu'], 3),
      measured('pool', ['/stem/stem.4/MaxPool'], 1),
      measured('reorder', ['/Transpose'], 2),
    ])
    const { section, warnings } = sectionOf(facts, { model, here: given }, undefined)
    expect(section.rows[0]).toMatchObject({
      nodes: ['/stem/stem.0/Conv', '/stem/stem.1/Relu'],
      operators: ['aten::conv2d', 'aten::relu'],
      here: { nodes: ['fused'], timeMs: 3, share: 0.3 },
    })
    expect(section.rows.find(({ nodes }) => nodes[0] === '/stem/stem.2/Conv')?.here).toBeNull()
    expect(section.here).toMatchObject({ cpu: 'a CPU', engine: 'ort-cpu 1', p50Ms: 10, joinedMs: 4, otherMs: 2 })
    expect(warnings).toEqual([])
  })

  test('another batch is told', () => {
    const { warnings } = sectionOf(facts, { model, here: here([], 1) }, undefined)
    expect(warnings.join()).toMatch(/images was recorded as 4x3x64x64 and measured here as 1x3x64x64/)
  })

  test('a report on another model is refused, and what is none', async () => {
    const file = join(folder, 'report.json')
    writeFileSync(file, '{"schema":"whyslow-report/1"}')
    await expect(readSameModel(MODEL, file)).rejects.toThrow(/no report on a model/)
    await expect(readSameModel(MODEL, join(folder, 'missing.json'))).rejects.toThrow(/no such file; --here takes/)
    await expect(readSameModel(TRACE, undefined)).rejects.toThrow(/torch-model\.json\.gz/)
  })
})

test('a profile of ONNX Runtime is joined by the names of its nodes, the recorded batch with it', async () => {
  const recorded = factsOf(await readTrace(join(traces, 'onnxruntime.json.gz')), { calls: true })
  const nodes = Array.from({ length: 24 }, (_, i) => [
    node({ opType: 'MatMul', name: `MatMul_${i}` }, [`x${i}`, 'w'], [`y${i}`]),
    node({ opType: 'Relu', name: `Relu_${i}` }, [`y${i}`], [`x${i + 1}`]),
  ]).flat()
  const served = modelInMemory(
    graphOf({
      nodes,
      inputs: [valueInfo('x0', 'float32', ['rows', 256])],
      outputs: [valueInfo('x24', 'float32')],
      initializers: [floatTensor('w', [256, 256], new Float32Array(65_536))],
    }),
  )
  const { section } = sectionOf(recorded, { model: served }, undefined)
  expect(new Set(section.rows.map(({ by }) => by))).toEqual(new Set(['name']))
  expect(section).toMatchObject({ nodes: 48, joinedNodes: 48, sizes: { rows: 64 } })
  expect(section.rows[0]).toMatchObject({ nodes: ['MatMul_0'], macs: 64 * 256 * 256 })
})

test('a profile of TensorFlow is joined with the Keras file of the model, by order: it records no shapes', async () => {
  const recorded = factsOf(await readTrace(join(traces, 'keras-model.xplane.pb')), { calls: true })
  const keras = await readModel(join(traces, 'keras-model.keras'))
  const { section, warnings } = sectionOf(recorded, { model: keras }, undefined)
  expect(section).toMatchObject({ format: 'keras', nodes: 12, joinedNodes: 12, notJoined: [] })
  // TensorFlow fuses a convolution with its relu, and pools before the relu that follows the norm.
  expect(section.rows.map(({ nodes, operators }) => [nodes.join(), operators.join()])).toEqual([
    ['stem/Conv,stem/Relu', '_FusedConv2D'],
    ['conv/Conv', 'Conv2D'],
    ['relu/Relu', 'Relu'],
    ['pool/MaxPool', 'MaxPool'],
    ['conv2/Conv,conv2/Relu', '_FusedConv2D'],
    ['average/GlobalAveragePool', 'Mean'],
    ['hidden/Gemm,hidden/Relu', '_FusedMatMul'],
    ['classes/Gemm', '_FusedMatMul'],
    ['classes/Softmax', 'Softmax'],
  ])
  // The norm is within conv here, and was a multiplication and an addition there.
  expect(section.operatorsNotJoined.map(({ name }) => name).slice(0, 2)).toEqual(['Mul', 'AddV2'])
  expect(warnings.join()).toMatch(/9 operators are joined by their order alone/)
})

test('the report says it, with what is not joined', async () => {
  const report = await explainTrace(TRACE, { createdAt, model: await readSameModel(MODEL, undefined) })
  expect(report.trace?.model?.joinedNodes).toBe(52)
  const text = renderTrace(report, { width: 80, colour: false })
  expect(text).toMatch(/The model +as +recorded +FLOPs/)
  expect(text).toMatch(/Joined: 52 of 52 nodes, 99 % of the operators' time, with batch =\s+4\./)
  expect(text).toMatch(/--here\s+here\.json/)
})

test('a recording that has no order of operators is told in not checked', async () => {
  const report = await explainTrace(join(traces, 'cprofile-model.pstats.gz'), {
    createdAt,
    model: await readSameModel(MODEL, undefined),
  })
  expect(report.trace?.model).toBeNull()
  expect(report.notChecked).toContainEqual({
    rule: 'same-model',
    reason: expect.stringMatching(/which operator was called after which/),
  })
})
