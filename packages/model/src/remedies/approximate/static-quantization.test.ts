import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { choosing } from '../../../test/support/quantize/write/example-plan.ts'
import { checkRemedy, engineTools } from '../../../test/support/remedies/check-remedy.ts'
import { staticQuantization } from './static-quantization.ts'

const random = mulberry32(6)
const weights = (name: string, shape: number[]) =>
  floatTensor(
    name,
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => normal(random) / 6),
  )
const image = (name: string) => valueInfo(name, 'float32', [1, 4, 8, 8])
/** Two convolutions with a Relu between. */
const convolutions = model({
  nodes: [
    node('Conv', ['x', 'v'], ['a'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    node('Relu', ['a'], ['r']),
    node('Conv', ['r', 'w'], ['y'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  ],
  inputs: [image('x')],
  outputs: [image('y')],
  initializers: [weights('v', [4, 4, 3, 3]), weights('w', [4, 4, 3, 3])],
})
const evidence = { constraints: { maxLoss: 0.01 } }
const tools = choosing('static', 'static', { low: -8, high: 8 })

checkRemedy(staticQuantization, {
  applies: [
    {
      name: 'convolutions, and the Relu between them',
      model: convolutions,
      evidence,
      tools,
      changes: /2 Conv in int8, weights and activations/,
      // Steps of 16 / 255 over sums of 36.
      tolerance: 0.3,
    },
  ],
  leaves: [
    { name: 'no loss is allowed', model: convolutions, tools },
    { name: 'nothing measures', model: convolutions, evidence, tools: engineTools },
    { name: 'another method is what pays', model: convolutions, evidence, tools: choosing('dynamic', 'dynamic') },
  ],
})
