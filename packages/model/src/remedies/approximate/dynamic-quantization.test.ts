import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { stepFactor } from '../../../test/support/quantize/write/example-options.ts'
import { choosing } from '../../../test/support/quantize/write/example-plan.ts'
import { checkRemedy, engineTools } from '../../../test/support/remedies/check-remedy.ts'
import { dynamicQuantization } from './dynamic-quantization.ts'

const random = mulberry32(5)
const weights = (name: string) =>
  floatTensor(
    name,
    [64, 64],
    Array.from({ length: 64 * 64 }, () => normal(random) / 8),
  )
const products = (nodes: ReturnType<typeof node>[], outputs: string[]) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['batch', 64])],
    outputs: outputs.map((name) => valueInfo(name, 'float32', ['batch', 64])),
    initializers: [weights('v'), weights('w')],
  })
const one = products([node('MatMul', ['x', 'w'], ['y'])], ['y'])
const evidence = { constraints: { maxLoss: 0.01 } }
const tools = choosing('dynamic', 'dynamic')

checkRemedy(dynamicQuantization, {
  applies: [
    {
      name: 'a product with constant weights',
      model: one,
      evidence,
      tools,
      changes: /1 MatMul in int8, activations quantized at each prediction/,
      // Two roundings to 255 steps, over sums of 64.
      tolerance: 0.05 * stepFactor,
    },
    {
      name: 'two products of one value quantize it once',
      model: products([node('MatMul', ['x', 'v'], ['a']), node('MatMul', ['x', 'w'], ['b'])], ['a', 'b']),
      evidence,
      tools,
      tolerance: 0.05 * stepFactor,
      check: ({ setup }) => {
        const quantizers = setup.model.proto.graph!.node.filter(({ opType }) => opType === 'DynamicQuantizeLinear')
        if (quantizers.length !== 1) throw new Error(`${quantizers.length} quantizers`)
      },
    },
  ],
  leaves: [
    { name: 'no loss is allowed', model: one, tools },
    { name: 'nothing measures', model: one, evidence, tools: engineTools },
    { name: 'another method is what pays', model: one, evidence, tools: choosing('static', 'static') },
    {
      name: 'nothing can be quantized',
      model: products([node('Relu', ['x'], ['y'])], ['y']),
      evidence,
      tools,
    },
  ],
})
