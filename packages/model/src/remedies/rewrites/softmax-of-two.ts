// Softmax over two numbers is the sigmoid of their difference: e^a / (e^a + e^b) = 1 / (1 + e^(b - a)). The engine goes through a Softmax row by
// row (onnxruntime/core/mlas/lib/compute.cpp, MlasComputeSoftmax), so that rows of two pay thousands of starts for one vector's worth of work;
// a product with [[1, -1], [-1, 1]] and a Sigmoid go through all rows at once. Detectors end in it: thousands of boxes, two classes.

import { floatTensor, node } from '@whyslow/graph/build.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { defineRemedy, predictedSaving } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

export const softmaxOfTwo = defineRemedy(
  rewritingRemedy({
    id: 'softmax-of-two',
    title: 'Softmax over two classes as a sigmoid of their difference',
    treats: ['slow-normalization', 'costly-activations'],
    effect: 'rounding',
    find: (matching, fresh) => matching.graph.node.flatMap((one) => (isOfTwo(matching, one) ? [replace(one, fresh)] : [])),
    changes: ({ replaced }) => `${count(replaced.length, 'Softmax')} over two classes as a sigmoid of their difference`,
    saving: (evidence) => predictedSaving(['slow-normalization'], evidence),
  }),
)

type OneNode = Matching['graph']['node'][number]

/** Over the last axis, of two; before opset 13 all axes from the given one on are one. */
function isOfTwo({ opset, dtype, shape }: Matching, one: OneNode): boolean {
  const sizes = isOperator(one, 'Softmax') ? shape(one.input[0]) : undefined
  if (sizes === undefined || sizes.length < 2 || sizes.at(-1) !== 2 || dtype(one.input[0]) !== 'float32') return false
  const axis = numberOf(one, 'axis', opset < 13 ? 1 : -1)
  return axisFromFront(axis, sizes.length) === sizes.length - 1
}

function replace(one: OneNode, fresh: (hint: string) => string): Replacement {
  const [input, output] = [one.input[0]!, one.output[0]!]
  const signs = floatTensor(fresh(`${output}_signs`), [2, 2], [1, -1, -1, 1])
  const difference = fresh(`${output}_difference`)
  return {
    parts: [one],
    remove: new Set([one]),
    add: [
      node({ opType: 'MatMul', name: fresh(`${one.name || output}_difference`) }, [input, signs.name], [difference]),
      node({ opType: 'Sigmoid', name: one.name || fresh(`${output}_sigmoid`) }, [difference], [output]),
    ],
    addInitializers: [signs],
  }
}
