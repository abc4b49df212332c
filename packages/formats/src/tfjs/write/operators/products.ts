// Products of matrices. The weights of FULLY_CONNECTED are [out, in], those of MatMul [in, out].

import { transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { flag } from '../attributes.ts'
import type { Ref } from '../graph-writer.ts'
import type { OperatorCall, OperatorTable } from '../operator-call.ts'
import { activate, linear } from './activation.ts'

export const PRODUCTS: OperatorTable = { BATCH_MATMUL: batchProduct, FULLY_CONNECTED: fullyConnected }

/** More than two axes are a matrix meanwhile, as TensorFlow writes Dense over them; where two of their sizes are free, many matrices. */
function fullyConnected(call: OperatorCall): Ref {
  const weights = transposeConstant(call.constant(1, 'kernel'), [1, 0])
  const kernel = call.nodes.constant(weights, `${call.operator.origin}/kernel`)
  const [from, to] = [call.tensor(0).shape, call.result.shape]
  const bias = call.has(2) ? call.input(2) : undefined
  const isFree = (sizes: readonly Dimension[]) => sizes.filter((size) => typeof size !== 'number').length > 1
  if (isFree(to)) {
    const product = call.op('BatchMatMulV2', [call.input(0), kernel], { adj_x: flag(false), adj_y: flag(false) })
    return activate(call, bias === undefined ? product : call.op('AddV2', [product, bias]))
  }
  const x = from.length === 2 ? call.input(0) : call.reshape(call.input(0), [null, weights.shape[0]!])
  const attributes = { transpose_a: flag(false), transpose_b: flag(false) }
  const product = linear(call, { op: 'MatMul', fused: '_FusedMatMul', inputs: [x, kernel], attributes, bias })
  return to.length === 2 ? product : call.reshape(product, to)
}

function batchProduct(call: OperatorCall): Ref {
  return call.op('BatchMatMulV2', call.inputs, { adj_x: flag(call.flag('adj_x')), adj_y: flag(call.flag('adj_y')) })
}
