import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, it } from 'vitest'
import { evidence, type NodeNote } from '../../../test/support/diagnose/example-evidence.ts'
import { checkRemedy, engineTools, exampleEvidence, exampleSetup } from '../../../test/support/remedies/check-remedy.ts'
import { graphOptimization } from './graph-optimization.ts'

const DISABLED = 'optimization.disable_specified_optimizers'
const NCHWC = 'com.microsoft.nchwc'

/** A depthwise 3x3 convolution of 16 channels and a relu. */
const depthwise = model({
  nodes: [node('Conv', ['x', 'w'], ['c'], { group: 16 }), node('Relu', ['c'], ['y'])],
  inputs: [valueInfo('x', 'float32', [1, 16, 6, 6])],
  outputs: [valueInfo('y', 'float32', [1, 16, 4, 4])],
  initializers: [
    floatTensor(
      'w',
      [16, 1, 3, 3],
      Array.from({ length: 16 * 9 }, (_, i) => Math.sin(i)),
    ),
  ],
  opset: 17,
})

/** As the engine runs it: of 10 ms the reorders take `reorderMs`, the convolution the rest. */
function blocked({ weight = [16, 1, 3, 3], group = 16, reorderMs = 0.2 } = {}) {
  const nodes: NodeNote[] = [
    { op: 'ReorderInput', domain: NCHWC, timeMs: reorderMs / 2, in: ['x'], out: ['x_nchwc'] },
    { op: 'Conv', domain: NCHWC, timeMs: 10 - reorderMs, in: ['x_nchwc', 'w'], out: ['y_nchwc'], attributes: { group } },
    { op: 'ReorderOutput', domain: NCHWC, timeMs: reorderMs / 2, in: ['y_nchwc'], out: ['y'] },
  ]
  return evidence({ nodes, constants: { w: { shape: weight } } }).profile!
}

const fused = (op: string, timeMs: number, domain = 'com.microsoft') =>
  evidence({
    nodes: [
      { op, domain, timeMs, in: ['x'], out: ['a'] },
      { op: 'Relu', timeMs: 10 - timeMs, in: ['a'], out: ['y'] },
    ],
  }).profile!

const variants = async (profile: ReturnType<typeof blocked>, given: Parameters<typeof exampleEvidence>[0] = {}) =>
  (await graphOptimization.apply(exampleSetup(depthwise), exampleEvidence({ profile, ...given }), engineTools)).map(
    ({ variant }) => variant,
  )

checkRemedy(graphOptimization, {
  applies: [
    {
      // On processors whose kernels have no blocked layout there is nothing to take out, and the results are the same.
      name: 'depthwise in the blocked layout: without its optimizer, and below its level',
      model: depthwise,
      evidence: { profile: blocked() },
      variants: ['without-NchwcTransformer', 'extended'],
    },
    {
      name: 'optimizers left out already stay out',
      model: depthwise,
      setup: { options: { configEntries: { [DISABLED]: 'ConstantSharing' } } },
      evidence: { profile: blocked() },
      variants: ['without-NchwcTransformer', 'extended'],
      check: ({ variant, setup }) =>
        expect(setup.options.configEntries[DISABLED]).toBe(
          variant === 'extended' ? 'ConstantSharing' : 'ConstantSharing;NchwcTransformer',
        ),
    },
    {
      name: 'turned down: more is tried, and what the finding says is expected of all',
      model: depthwise,
      setup: { options: { graphOptimization: 'basic' } },
      evidence: {
        profile: fused('Conv', 8, ''),
        findings: [{ rule: 'graph-optimization-off', timeMs: 6, wouldSaveMs: 6, nodes: [] }],
      },
      variants: ['all', 'extended'],
      check: ({ variant, predictedSavingMs }) => expect(predictedSavingMs).toBe(variant === 'all' ? 6 : null),
    },
    {
      name: 'for a fast start less is always tried',
      model: depthwise,
      evidence: { goal: 'load-time', profile: fused('Conv', 8, '') },
      variants: ['extended', 'basic', 'disabled'],
    },
    { name: 'no profile: the levels below', model: depthwise, variants: ['extended', 'basic'] },
    {
      name: 'a version that is not known: levels, which every version has, and no optimizers by name',
      model: depthwise,
      evidence: { profile: blocked(), engine: { id: 'ort-cpu', version: 'unknown' } },
      variants: ['extended'],
    },
  ],
  leaves: [
    { name: 'nothing of the engine in the executed graph', model: depthwise, evidence: { profile: fused('Conv', 8, '') } },
  ],
})

describe('graph-optimization', () => {
  it('suspects the blocked layout for large kernels and for reorders that take time, not else', async () => {
    expect(await variants(blocked({ weight: [16, 16, 7, 7], group: 1 }))).toContain('without-NchwcTransformer')
    expect(await variants(blocked({ weight: [16, 16, 3, 3], group: 1, reorderMs: 1 }))).toContain('without-NchwcTransformer')
    // 3x3, 16 channels in one group, 2 % of reorders.
    expect(await variants(blocked({ weight: [16, 16, 3, 3], group: 1 }))).toEqual(['extended'])
  })

  it('suspects a fusion that takes a tenth of the time, unless the model holds the operator itself', async () => {
    expect(await variants(fused('FusedMatMul', 8))).toEqual(['without-MatmulTransposeFusion', 'basic'])
    expect(await variants(fused('FusedMatMul', 0.5))).toEqual(['basic'])
    const own = model({
      nodes: [node({ opType: 'FusedMatMul', domain: 'com.microsoft' }, ['x', 'x'], ['y'])],
      outputs: [valueInfo('y', 'float32', [2, 2])],
      opset: 17,
      opsets: { 'com.microsoft': 1 },
    })
    const setup = exampleSetup(own)
    expect(await graphOptimization.apply(setup, exampleEvidence({ profile: fused('FusedMatMul', 8) }), engineTools)).toEqual([])
  })

  it('does not propose to leave out what is left out, or what the level does not run', async () => {
    const out = exampleSetup(depthwise, { options: { configEntries: { [DISABLED]: 'NchwcTransformer' } } })
    const below = exampleSetup(depthwise, { options: { graphOptimization: 'extended' } })
    for (const setup of [out, below]) {
      const proposals = await graphOptimization.apply(setup, exampleEvidence({ profile: blocked() }), engineTools)
      expect(proposals.map(({ variant }) => variant)).not.toContain('without-NchwcTransformer')
    }
  })
})
