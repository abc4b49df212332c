import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { choosing } from '../../../test/support/quantize/write/example-plan.ts'
import { checkRemedy, engineTools } from '../../../test/support/remedies/check-remedy.ts'
import { weightQuantization } from './weight-quantization.ts'

const random = mulberry32(9)
const product = model({
  nodes: [node('MatMul', ['x', 'w'], ['y'])],
  inputs: [valueInfo('x', 'float32', ['batch', 128])],
  outputs: [valueInfo('y', 'float32', ['batch', 64])],
  initializers: [
    floatTensor(
      'w',
      [128, 64],
      Array.from({ length: 128 * 64 }, () => normal(random) / 8),
    ),
  ],
})
const evidence = { constraints: { maxLoss: 0.01 } }

checkRemedy(weightQuantization, {
  applies: [
    {
      name: '8 bits',
      model: product,
      evidence,
      tools: choosing('weights', 'weights8'),
      operators: ['MatMulNBits'],
      changes: /1 MatMul with weights in 8 bits/,
      tolerance: 0.05,
    },
    {
      name: '4 bits: steps of an eighth of the largest weight of each block',
      model: product,
      evidence,
      tools: choosing('weights', 'weights4'),
      operators: ['MatMulNBits'],
      changes: /1 MatMul with weights in 4 bits/,
      tolerance: 0.4,
    },
  ],
  leaves: [
    { name: 'no loss is allowed', model: product, tools: choosing('weights', 'weights8') },
    { name: 'nothing measures', model: product, evidence, tools: engineTools },
    { name: 'another method is what pays', model: product, evidence, tools: choosing('dynamic', 'dynamic') },
  ],
})
