import { floatTensor, int64Tensor } from '@whyslow/graph/build.ts'
import {
  binaryGroup,
  convGroup,
  gemmGroup,
  unaryGroup,
} from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { checkRemedy, engineTools } from '../../../test/support/remedies/check-remedy.ts'
import { groupRequantization } from './group-requantization.ts'

// What a convolution of the examples gives has an rms of 9 or so: a step of 0.5 is off by 0.03 of it, and steps of 0.1 that fall to the
// other side when a group fuses by 0.01.
const STEP = 0.05
const tools = {
  ...engineTools,
  ranges: async (_: unknown, values: readonly string[]) => new Map(values.map((name) => [name, { low: -64, high: 64 }])),
}
const shape = int64Tensor('shape', [2], [16, 64])
const fused = [
  'QuantizeLinear',
  'DequantizeLinear',
  'DequantizeLinear',
  'DequantizeLinear',
  'Conv',
  'QuantizeLinear',
  'DequantizeLinear',
]

checkRemedy(groupRequantization, {
  applies: [
    {
      name: 'a bias of another scale, one for each channel',
      model: convGroup({ bias: 'scale-off' }),
      changes: /^1 bias requantized/,
      tolerance: STEP,
    },
    { name: 'a bias of another scale, one', model: convGroup({ bias: 'scale-off', perChannel: false }), tolerance: STEP },
    {
      name: 'a float bias of a Gemm with a float output',
      model: gemmGroup({ bias: 'float', quantizedOutput: false }),
      tolerance: 0.01,
    },
    {
      name: 'a beta',
      model: gemmGroup({ bias: 'quantized', attributes: { beta: 2.5 }, quantizedOutput: false }),
      tolerance: 0.01,
    },
    {
      name: 'a float reader beside the quantizer',
      model: convGroup({ output: 'read-too' }),
      changes: /^float readers of 1 output/,
      tolerance: 0.2,
    },
    {
      name: 'an output of the model beside the quantizer',
      model: convGroup({ output: 'both', y: { scale: 0.5 } }),
      tolerance: STEP,
    },
    {
      name: 'no quantizer, over the range seen',
      model: convGroup({ output: 'graph-output' }),
      tools,
      changes: /^1 output quantized over the range seen/,
      operators: fused,
      tolerance: STEP,
    },
    {
      name: 'an activation of another kind before the quantizer',
      model: convGroup({ activation: 'Sigmoid' }),
      tools,
      tolerance: 0.3,
      repeats: true,
    },
    {
      name: 'a Relu whose zero point is in the middle',
      model: convGroup({ activation: 'Relu' }),
      changes: /^the zero point of 1 activation/,
      tolerance: STEP,
    },
    { name: 'a Clip narrower than the range', model: convGroup({ activation: 'Clip', y: { zero: 0 } }), tolerance: STEP },
    {
      name: 'a BatchNormalization that was not folded',
      model: convGroup({ activation: 'BatchNormalization' }),
      changes: /^1 BatchNormalization folded/,
      operators: ['QuantizeLinear', 'DequantizeLinear', 'DequantizeLinear', 'Conv', 'QuantizeLinear', 'DequantizeLinear'],
      tolerance: STEP,
    },
    {
      name: 'one behind conversions of its own, with a channel that is negative',
      model: convGroup({ activation: 'BatchNormalization', between: true, gamma: -0.31, y: { scale: 0.2 } }),
      changes: /^1 BatchNormalization folded/,
      // The rounding between goes, by half of 0.5 times a factor of 0.3, and the last one may fall to the next step, by 0.2: 0.28 of some 1.5.
      tolerance: 0.2,
    },
    {
      name: 'another scale behind a Reshape',
      model: unaryGroup('Reshape', { others: [shape], y: { scale: 0.06 } }),
      tolerance: STEP,
    },
    { name: 'no zero points around a Reshape', model: unaryGroup('Reshape', { others: [shape], short: true }), tolerance: 0 },
    { name: 'no zero points around a Gemm', model: gemmGroup({ short: true }), tolerance: STEP },
    {
      name: 'a float constant in an Add',
      model: binaryGroup('Add', { constant: true }),
      changes: /^the float constants of 1 operator/,
      tolerance: 0.12,
    },
  ],
  leaves: [
    { name: 'a group that fuses', model: convGroup() },
    { name: 'no quantizer, and no range known', model: convGroup({ output: 'graph-output' }) },
    { name: 'weights alone', model: convGroup({ weightsOnly: true, bias: 'none', output: 'graph-output' }), tools },
    { name: 'no int8 kernel', model: convGroup({ opType: 'ConvTranspose' }), tools },
    {
      name: 'a mode that interpolates',
      model: unaryGroup('Resize', {
        attributes: { mode: 'linear' },
        others: [floatTensor('', [], []), floatTensor('sizes', [4], [1, 1, 2, 2])],
      }),
      tools,
    },
    {
      name: 'scales that a caller may override',
      model: convGroup({ bias: 'scale-off', listed: ['xs', 'ws', 'bs'] }),
      evidence: {},
    },
  ],
})
