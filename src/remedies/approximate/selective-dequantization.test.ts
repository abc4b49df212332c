import { convGroup, integerChain, unaryGroup } from '../../engines/onnxruntime/int8/example-groups.ts'
import { floatTensor, model, node, rawTensor, valueInfo } from '../../graph/build.ts'
import { checkRemedy } from '../check-remedy.ts'
import { selectiveDequantization } from './selective-dequantization.ts'

const pair = (isOutput = false) =>
  model({
    nodes: [
      node('Erf', ['x'], ['e']),
      node('QuantizeLinear', ['e', 's', 'z'], ['q']),
      node('DequantizeLinear', ['q', 's', 'z'], ['f']),
      node('Erf', ['f'], ['y']),
    ],
    inputs: [valueInfo('x', 'float32', [8])],
    outputs: [valueInfo('y', 'float32', [8]), ...(isOutput ? [valueInfo('f', 'float32', [8])] : [])],
    initializers: [floatTensor('s', [], [0.01]), rawTensor('z', 'uint8', [], Uint8Array.of(128))],
  })

// A step of 0.01 is off by half of it, of outputs around 0.7; x is rounded to 255 steps over some 6, over 144 products.
checkRemedy(selectiveDequantization, {
  applies: [
    { name: 'a pair between float operators', model: pair(), operators: ['Erf', 'Erf'], tolerance: 0.02, changes: /^1 pair / },
    {
      name: 'a dynamic convolution',
      model: integerChain({ opType: 'ConvInteger' }),
      operators: ['Conv'],
      tolerance: 0.05,
      changes: /^1 integer convolution /,
    },
    {
      name: 'scaled one by one, with a bias',
      model: integerChain({ opType: 'ConvInteger', order: 'one-by-one', bias: true }),
      operators: ['Conv', 'Add'],
      tolerance: 0.05,
    },
  ],
  leaves: [
    { name: 'the rounded value is an output', model: pair(true) },
    { name: 'a group that fuses', model: convGroup() },
    { name: 'a group that can be repaired', model: convGroup({ output: 'float-reader' }) },
    { name: 'the unscaled product is an output too', model: integerChain({ opType: 'ConvInteger', readToo: true }) },
    { name: 'a dynamic product of matrices', model: integerChain() },
    { name: 'what moves integers', model: unaryGroup('Transpose', { attributes: { perm: [0, 2, 3, 1] } }) },
  ],
})
