import { viewGraph } from '@whyslow/graph/view.ts'
import { convGroup, gemmGroup } from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { embedding } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import { expect } from 'vitest'
import { here } from '../../../test/support/quantize/write/example-options.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { constantDequantization } from './constant-dequantization.ts'

const rows = { rows: { dtype: 'int64' as const, shape: [4], data: BigInt64Array.of(3n, 1n, 99n, 0n) } }

checkRemedy(constantDequantization, {
  applies: [
    {
      name: 'weights of a float convolution, a scale for each channel',
      model: convGroup({ weightsOnly: true, bias: 'none', output: 'graph-output' }),
      operators: ['Conv'],
    },
    {
      name: 'one scale',
      model: convGroup({ weightsOnly: true, bias: 'none', output: 'graph-output', perChannel: false }),
      operators: ['Conv'],
    },
    {
      name: 'an operator without an int8 kernel: weights, and its bias',
      model: convGroup({ opType: 'ConvTranspose' }),
      operators: ['QuantizeLinear', 'DequantizeLinear', 'ConvTranspose', 'QuantizeLinear', 'DequantizeLinear'],
      changes: /^2 constants/,
      // A sum on the border of two steps may fall to the other one: 0.1 of some 3.5.
      tolerance: 0.05,
    },
    {
      name: 'a table: rows are read first',
      model: embedding(),
      feeds: rows,
      operators: ['Gather', 'DequantizeLinear'],
      tolerance: 0,
    },
    {
      name: 'a table with a scale for each row',
      model: embedding(true),
      feeds: rows,
      operators: ['Gather', 'Gather', 'Cast', 'Mul'],
      tolerance: 0,
      check: ({ setup }) => expect(viewGraph(setup.model).constants.w!.dtype).toBe('int8'),
    },
    {
      name: 'a group that can be repaired otherwise, as a variant of its own: weights and bias',
      model: convGroup({ bias: 'scale-off' }),
      variants: ['of all float groups'],
      operators: ['QuantizeLinear', 'DequantizeLinear', 'Conv', 'QuantizeLinear', 'DequantizeLinear'],
      tolerance: 0.05,
      // The engine makes int8 of the float weights again, in 8 bits whatever the computer: without VNNI its sums then saturate.
      ...(here.reduceRange ? { setup: { options: { graphOptimization: 'disabled' } } } : {}),
    },
    {
      name: 'behind a Reshape, where the engine was seen to run it',
      model: convGroup({ weightsOnly: true, bias: 'none', output: 'graph-output', reshaped: true, perChannel: false }),
      profiled: true,
      operators: ['Reshape', 'Conv'],
    },
    {
      name: 'a product with a scale for each input, which the engine does not pack',
      model: gemmGroup({ opType: 'MatMul', weightsOnly: true, quantizedOutput: false, axis: 0 }),
      profiled: true,
      operators: ['MatMul', 'Erf'],
    },
  ],
  leaves: [
    { name: 'a group that fuses', model: convGroup() },
    {
      name: 'a product that the engine packs',
      model: gemmGroup({ opType: 'MatMul', weightsOnly: true, quantizedOutput: false }),
    },
    {
      name: 'behind a Reshape, where nothing is known of the engine',
      model: convGroup({ weightsOnly: true, bias: 'none', output: 'graph-output', reshaped: true, perChannel: false }),
    },
    {
      name: 'weights that a caller may override',
      model: convGroup({ weightsOnly: true, bias: 'none', output: 'graph-output', listed: ['w'] }),
      evidence: {},
    },
  ],
})
