import { checkRule, evidence, experiments } from '../../../test/support/diagnose/check-rule.ts'
import { layoutConversions } from './layout-conversions.ts'

const toNhwc = { attributes: { perm: [0, 2, 3, 1] }, moves: true } as const
const toNchw = { attributes: { perm: [0, 3, 1, 2] }, moves: true } as const
const rest = { op: 'Conv', timeMs: 8 }

checkRule(layoutConversions, {
  found: [
    {
      name: 'two transposes that undo each other around a Relu',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'Transpose', timeMs: 0.6, in: ['x'], out: ['a'], ...toNhwc },
          { op: 'Relu', timeMs: 0.1, in: ['a'], out: ['b'] },
          { op: 'Transpose', timeMs: 0.5, in: ['b'], out: ['c'], ...toNchw },
          rest,
        ],
      }),
      expect: { timeMs: 1.1, wouldSaveMs: null, nodes: ['Transpose_0', 'Transpose_2'], detail: /1 pair of them undoes itself\./ },
    },
    {
      name: 'two transposes that lead elsewhere: no pair',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'Transpose', timeMs: 0.6, in: ['x'], out: ['a'], ...toNhwc },
          { op: 'Transpose', timeMs: 0.5, in: ['a'], out: ['b'], ...toNhwc },
        ],
      }),
      expect: { detail: /compute nothing\. The longest/ },
    },
    {
      // Alone, in warm caches, it takes half of what it takes within the model.
      name: 'one that was timed alone',
      given: evidence({
        p50Ms: 10,
        nodes: [{ op: 'Transpose', timeMs: 2, in: ['x'], out: ['a'], ...toNhwc }, rest],
        operatorExperiments: experiments([
          {
            nodes: ['Transpose_0'],
            opTypes: ['Transpose'],
            insideMs: 2,
            aloneMs: 1,
            variants: [{ kind: 'one-thread', ratio: 1 }],
          },
        ]),
      }),
      expect: {
        detail: /^1 Transpose takes .* of the p50,\s+and computes nothing\.$/,
        timeMs: 2,
        wouldSaveMs: 1,
        basis: 'measured',
      },
    },
    {
      name: 'a cast among elementwise operators that were timed beside a rewrite',
      given: evidence({
        p50Ms: 10,
        nodes: [{ op: 'Cast', timeMs: 2, in: ['x'], out: ['a'], moves: true }, rest],
        operatorExperiments: experiments([
          {
            nodes: ['Cast_0', 'Mul_1'],
            opTypes: ['Cast', 'Mul'],
            insideMs: 4,
            aloneMs: 4,
            variants: [{ kind: 'rewrite', remedy: 'lossless-cast', ratio: 0.95, ratioHigh: 1.1 }],
          },
        ]),
      }),
      expect: { timeMs: 2, wouldSaveMs: null, savingUnknown: /which the model can do without shows when fix tries it/ },
    },
    {
      name: 'reorders that the engine put in',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'ReorderOutput', domain: 'com.microsoft.nchwc', timeMs: 0.4, in: ['x'], out: ['a'], moves: true, inserted: true },
          { op: 'Sigmoid', timeMs: 1, in: ['a'], out: ['b'] },
          { op: 'ReorderInput', domain: 'com.microsoft.nchwc', timeMs: 0.4, in: ['b'], moves: true, inserted: true },
        ],
      }),
      expect: { timeMs: 0.8, wouldSaveMs: null, detail: /1 pair/ },
    },
    {
      // x * clip(x + 3) / 6: both ways back from the reorder lead to the first one.
      name: 'reorders around a hard swish in pieces',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'ReorderOutput', timeMs: 0.4, in: ['x'], out: ['a'], moves: true, inserted: true },
          { op: 'Add', timeMs: 1, in: ['a', 'three'], out: ['b'] },
          { op: 'Clip', timeMs: 1, in: ['b', 'zero', 'six'], out: ['c'] },
          { op: 'Mul', timeMs: 1, in: ['a', 'c'], out: ['d'] },
          { op: 'ReorderInput', timeMs: 0.4, in: ['d'], moves: true, inserted: true },
        ],
        constants: { three: {}, zero: {}, six: {} },
      }),
      expect: { detail: /1 pair/ },
    },
    {
      name: 'reorders around what stays in the layout of the convolutions, as the whole model shows',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'ReorderOutput', timeMs: 0.4, in: ['x'], out: ['a'], moves: true, inserted: true },
          { op: 'Mul', timeMs: 1, in: ['a', 'scale'], out: ['b'] },
          { op: 'Add', timeMs: 2, in: ['b', 'shift'], out: ['c'] },
          { op: 'ReorderInput', timeMs: 0.4, in: ['c'], out: ['d'], moves: true, inserted: true },
          { op: 'Conv', timeMs: 3, in: ['d', 'w'], out: ['e'] },
          { op: 'Mul', timeMs: 1, in: ['e', 'scale'], out: ['f'] },
        ],
        constants: { scale: {}, shift: {} },
        operatorExperiments: {
          ...experiments([]),
          wholes: [
            { remedy: 'loop-invariants', ms: 9, low: 8, high: 10 },
            { remedy: 'affine-as-depthwise', ms: 2.5, low: 1, high: 3 },
            { remedy: 'fuse-hard-swish', ms: 3, low: -1, high: 4 },
          ],
        },
      }),
      expect: {
        timeMs: 3.8,
        wouldSaveMs: 2.5,
        basis: 'measured',
        nodes: ['ReorderOutput_0', 'ReorderInput_3', 'Add_2', 'Mul_1'],
        detail:
          /The 2 operators between them take 3\.00 ms\. Rewritten by affine-as-depthwise, they stay in .* takes 2\.50 ms less\.$/,
      },
    },
    {
      name: 'a reorder of something else beside it: no pair',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'ReorderOutput', timeMs: 0.4, in: ['x'], out: ['a'], moves: true, inserted: true },
          { op: 'Mul', timeMs: 1, in: ['a', 'mask'], out: ['d'] },
          { op: 'ReorderInput', timeMs: 0.4, in: ['d'], moves: true, inserted: true },
        ],
      }),
      expect: { detail: /compute nothing\. The longest/ },
    },
    {
      name: 'a tensor split and joined again',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'Split', timeMs: 0.3, in: ['x'], out: ['a', 'b'], attributes: { axis: 1 }, moves: true },
          { op: 'Concat', timeMs: 0.4, in: ['a', 'b'], attributes: { axis: 1 }, moves: true },
        ],
      }),
      expect: { timeMs: 0.7, wouldSaveMs: null, nodes: ['Split_0', 'Concat_1'] },
    },
  ],
  clear: [
    {
      name: 'within an attention that was timed whole beside its fused form',
      given: evidence({
        p50Ms: 10,
        nodes: [{ op: 'Transpose', timeMs: 2, in: ['x'], out: ['a'], ...toNhwc }, rest],
        operatorExperiments: experiments([
          {
            nodes: ['Transpose_0', 'MatMul_1', 'Softmax_2'],
            opTypes: ['Transpose', 'MatMul', 'Softmax'],
            insideMs: 4,
            aloneMs: 4,
            variants: [{ kind: 'rewrite', remedy: 'fuse-attention', ratio: 0.95 }],
          },
        ]),
      }),
    },
    {
      name: 'less than the model would notice',
      given: evidence({ p50Ms: 10, nodes: [{ op: 'Transpose', timeMs: 0.1, ...toNhwc }, rest] }),
    },
    {
      name: 'a Concat of two branches',
      given: evidence({ p50Ms: 10, nodes: [{ op: 'Concat', timeMs: 2, in: ['a', 'b'], attributes: { axis: 1 }, moves: true }] }),
    },
    { name: 'no data moves', given: evidence({ nodes: [rest] }) },
    {
      name: 'into the blocked layout at the start and out of it at the end',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'ReorderInput', timeMs: 1, in: ['x'], out: ['a'], moves: true, inserted: true },
          { op: 'Conv', timeMs: 5, in: ['a'], out: ['b'] },
          { op: 'ReorderOutput', timeMs: 1, in: ['b'], out: ['y'], moves: true, inserted: true },
        ],
      }),
    },
  ],
})
