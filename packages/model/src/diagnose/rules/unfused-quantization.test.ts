import { checkRule, engine, evidence, experiments, type NodeNote, roofs } from '../../../test/support/diagnose/check-rule.ts'
import { unfusedQuantization } from './unfused-quantization.ts'

const fastInt8 = roofs({ flopsPerSecond: { float32: 100e9, int8: 400e9 } })
const node = (op: string, inputs: string[], out: string, timeMs: number, more: Partial<NodeNote> = {}): NodeNote => ({
  op,
  timeMs,
  in: inputs,
  out: [out],
  ...more,
})
const inputs = [
  node('QLinearConv', ['x'], 'xq', 1),
  node('DequantizeLinear', ['xq', 'xs', 'xz'], 'xf', 0.1),
  node('DequantizeLinear', ['wq', 'ws', 'wz'], 'wf', 0.4),
]
// 100 M multiply-adds: 2 ms at 100 GFLOP/s, 0.5 ms at 400.
const conv = node('Conv', ['xf', 'wf'], 'y', 2.5, { macs: 100e6 })
const integerConvolution = [
  node('ConvInteger', ['a', 'b'], 'i', 8, { name: 'conv', arithmetic: 'int8', macs: 100e6 }),
  node('Cast', ['i'], 'f', 0.3),
  node('Mul', ['f', 's'], 'y', 0.4),
]
const timedInFloat = (ratio: number, ratioHigh: number) =>
  evidence({
    nodes: integerConvolution,
    operatorExperiments: experiments([
      { nodes: ['conv'], opTypes: ['ConvInteger'], variants: [{ kind: 'float', ratio, ratioHigh }] },
    ]),
  })

checkRule(unfusedQuantization, {
  found: [
    {
      // 0.1 + 0.4 of conversions; that the kernel would be faster no other of the model shows, whatever the roofs say.
      name: 'no QuantizeLinear behind the convolution',
      given: evidence({ roofs: fastInt8, nodes: [...inputs, conv, node('Add', ['y', 'z'], 'out', 0.1)] }),
      expect: {
        timeMs: 3,
        wouldSaveMs: 0.5,
        detail: /Conv_3 \(Conv\): its output has no QuantizeLinear after it\./,
        nodes: ['Conv_3', 'DequantizeLinear_1', 'DequantizeLinear_2'],
      },
    },
    {
      name: 'another reader of the float output',
      given: evidence({
        roofs: fastInt8,
        nodes: [...inputs, conv, node('QuantizeLinear', ['y'], 'yq', 0.2), node('Add', ['y', 'z'], 'out', 0.1, { name: 'tap' })],
      }),
      expect: { wouldSaveMs: 0.7, detail: /read in float by tap too/ },
    },
    {
      name: 'the output of the model straight from the convolution',
      given: evidence({ roofs: fastInt8, nodes: [...inputs, conv] }),
      expect: { detail: /an output of the model/ },
    },
    {
      name: 'weights left in float',
      given: evidence({
        roofs: fastInt8,
        nodes: [
          ...inputs.slice(0, 2),
          node('Conv', ['xf', 'w'], 'y', 2.5, { macs: 100e6 }),
          node('QuantizeLinear', ['y'], 'yq', 0.2),
        ],
      }),
      expect: { wouldSaveMs: 0.3, detail: /weights are float/ },
    },
    {
      // Scales 0.5 x 0.1 = 0.05, the bias has 0.1.
      name: "a bias whose scale does not fit, and a Relu before the output's quantization",
      given: evidence({
        roofs: fastInt8,
        nodes: [
          ...inputs,
          node('DequantizeLinear', ['bq', 'bs'], 'bf', 0.01),
          node('Conv', ['xf', 'wf', 'bf'], 'c', 2.5, { macs: 100e6 }),
          node('Relu', ['c'], 'r', 0.1),
          node('QuantizeLinear', ['r', 'ys', 'yz'], 'yq', 0.2),
        ],
        constants: { yz: { dtype: 'uint8', values: [0] }, xs: { values: [0.5] }, ws: { values: [0.1] }, bs: { values: [0.1] } },
      }),
      expect: { detail: /bias's scale/ },
    },
    {
      name: 'a Relu whose output has its zero point in the middle',
      given: evidence({
        nodes: [
          ...inputs,
          node('FusedConv', ['xf', 'wf'], 'c', 2.5, { macs: 100e6, attributes: { activation: 'Relu' } }),
          node('QuantizeLinear', ['c', 'ys', 'yz'], 'yq', 0.2),
        ],
        constants: { yz: { dtype: 'uint8', values: [128] } },
      }),
      expect: { detail: /activation stays apart/ },
    },
    {
      // The DequantizeLinear behind the group stays when it fuses: 0.5 + 0.2 ms of conversions, not 5 ms more.
      name: 'what follows the group is no pair of its own',
      given: evidence({
        nodes: [
          ...inputs,
          conv,
          node('QuantizeLinear', ['y'], 'q', 0.2),
          node('DequantizeLinear', ['q'], 'f', 5),
          node('Erf', ['f'], 'e', 2),
        ],
      }),
      expect: { wouldSaveMs: 0.7, detail: /^1 group did not fuse/ },
    },
    {
      // 100 M multiply-adds in 0.8 ms elsewhere in this model: 2.5 - 0.8 ms, and 0.5 ms of conversions, whatever the roofs say.
      name: 'at the rate of the groups that did fuse',
      given: evidence({
        nodes: [
          node('QLinearConv', ['x'], 'xq', 0.8, { arithmetic: 'int8', macs: 100e6 }),
          ...inputs.slice(1),
          conv,
          node('Add', ['y', 'z'], 'out', 0.1),
        ],
      }),
      expect: { wouldSaveMs: 2.2 },
    },
    {
      name: 'no gain claimed for a kernel if no other of the model runs in int8',
      given: evidence({ nodes: [...inputs, conv, node('Add', ['y', 'z'], 'out', 0.1)] }),
      expect: { wouldSaveMs: 0.5 },
    },
    {
      name: 'a pair around a float operator',
      given: evidence({
        nodes: [node('QuantizeLinear', ['x'], 'q', 0.3), node('DequantizeLinear', ['q'], 'f', 0.4), node('Erf', ['f'], 'y', 2)],
      }),
      expect: { wouldSaveMs: 0.7, detail: /quantized and dequantized again/ },
    },
    {
      name: 'an integer product whose scaling runs apart',
      given: evidence({
        nodes: [
          node('MatMulInteger', ['a', 'b'], 'i', 2, { arithmetic: 'int8', macs: 1e6 }),
          node('Cast', ['i'], 'f', 0.3),
          node('Mul', ['f', 's'], 'y', 0.4),
        ],
      }),
      expect: { wouldSaveMs: 0.7, detail: /product of the two scales/ },
    },
    {
      // 0.7 ms of scaling; what a float convolution would take was not timed.
      name: 'an integer convolution, slower than a float one at its best',
      given: evidence({
        nodes: integerConvolution,
      }),
      expect: { wouldSaveMs: 0.7, detail: /ConvInteger has no fast kernel/ },
    },
    {
      name: 'the same where an experiment with it alone told nothing',
      given: timedInFloat(0.9, 1.2),
      expect: { wouldSaveMs: 0.7, basis: 'modelled' },
    },
    {
      name: 'the same with an engine that fuses nothing',
      given: evidence({
        engine: engine({
          options: {
            threads: null,
            graphOptimization: 'basic',
            executionMode: 'sequential',
            configEntries: {},
            packageFrom: null,
          },
        }),
        nodes: [
          node('MatMulInteger', ['a', 'b'], 'i', 2, { arithmetic: 'int8', macs: 1e6 }),
          node('Cast', ['i'], 'f', 0.3),
          node('Mul', ['f', 's'], 'y', 0.4),
        ],
      }),
      expect: { wouldSaveMs: 0.7, detail: /'extended'/ },
    },
    {
      // The engine renamed nothing: what the user wrote is asked for the reason. 0.4 ms of weights, 0.1 of the input.
      name: 'the reason is that of the graph as written',
      given: evidence({
        nodes: [...inputs, node('Conv', ['xf', 'wf'], 'y', 2.5, { name: 'first', macs: 100e6 }), node('Erf', ['y'], 'out', 0.1)],
        graph: evidence({
          nodes: [
            ...inputs.slice(1),
            node('Conv', ['xf', 'wf'], 'c', 1, { name: 'first' }),
            node('BatchNormalization', ['c', 'g'], 'y', 1, { name: 'norm' }),
          ],
        }).profile!.graph,
      }),
      expect: { wouldSaveMs: 0.5, detail: /first \(Conv\): the BatchNormalization norm after it/ },
    },
    {
      name: 'the three that would save most are named',
      given: evidence({
        nodes: [1, 2, 3, 4].flatMap((timeMs) => [
          node('QuantizeLinear', [`x${timeMs}`], `q${timeMs}`, timeMs),
          node('DequantizeLinear', [`q${timeMs}`], `f${timeMs}`, 0.1),
          node('Erf', [`f${timeMs}`], `y${timeMs}`, 0.1, { name: `erf${timeMs}` }),
        ]),
      }),
      expect: { detail: /p50\. erf4 [^;]*; erf3 [^;]*; erf2 [^;]*; and 1 more\.$/ },
    },
  ],
  clear: [
    {
      name: 'fused, with conversions at the edges only',
      given: evidence({
        nodes: [
          node('QuantizeLinear', ['x'], 'q', 0.4),
          node('QLinearConv', ['q'], 'y', 5),
          node('DequantizeLinear', ['y'], 'f', 0.4),
          node('Softmax', ['f'], 'out', 0.1),
        ],
      }),
    },
    {
      name: 'an integer convolution that is faster alone in float, of which another finding tells',
      given: timedInFloat(0.2, 0.21),
    },
    { name: 'one that is not', given: timedInFloat(1.5, 1.51) },
    { name: 'no quantization', given: evidence({ nodes: [node('Conv', ['x', 'w'], 'y', 9, { macs: 1e6 })] }) },
  ],
})
