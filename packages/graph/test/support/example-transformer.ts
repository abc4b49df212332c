// A transformer encoder block as exporters write it: every norm, GELU and attention in pieces, weights drawn from a seed.
import type { NodeProto, TensorProto } from 'onnx-buf'
import { floatTensor, int64Tensor, model, node, valueInfo } from '../../src/build.ts'
import { mulberry32, normal } from '../../src/random.ts'

export interface BlockShape {
  readonly layers?: number
  readonly width?: number
  readonly heads?: number
  readonly inner?: number
  /** Default true: an additive mask [batch, 1, 1, length] as second input. */
  readonly masked?: boolean
  readonly opset?: number
}

/** x [batch, length, width] (and mask) -> y of the same shape. */
export function transformerBlocks(shape: BlockShape = {}) {
  const { layers = 1, width = 32, heads = 4, inner = 64, masked = true, opset = 17 } = shape
  const random = mulberry32(7)
  const nodes: NodeProto[] = []
  const initializers: TensorProto[] = [
    int64Tensor('split_heads', [4], [0, 0, heads, width / heads]),
    int64Tensor('join_heads', [3], [0, 0, width]),
    floatTensor('epsilon', [], [1e-5]),
    floatTensor('two', [], [2]),
    floatTensor('half', [], [0.5]),
    floatTensor('one', [], [1]),
    floatTensor('root_of_two', [], [Math.SQRT2]),
    floatTensor('root_of_depth', [], [Math.sqrt(width / heads)]),
  ]
  const weights = (name: string, dims: readonly number[], spread: number, centre = 0) => {
    const count = dims.reduce((product, size) => product * size, 1)
    initializers.push(
      floatTensor(
        name,
        dims,
        Array.from({ length: count }, () => centre + spread * normal(random)),
      ),
    )
    return name
  }
  const op = (opType: string, inputs: readonly string[], output: string, attributes = {}) => {
    nodes.push(node({ opType, name: `/${output}` }, inputs, [output], attributes))
    return output
  }
  const linear = (x: string, from: number, to: number, name: string) => {
    const product = op('MatMul', [x, weights(`${name}.weight`, [from, to], 1 / Math.sqrt(from))], `${name}_product`)
    return op('Add', [product, weights(`${name}.bias`, [to], 0.1)], name)
  }
  const norm = (x: string, name: string) => {
    const mean = op('ReduceMean', [x], `${name}_mean`, { axes: [-1] })
    const centred = op('Sub', [x, mean], `${name}_centred`)
    const squared = op('Pow', [centred, 'two'], `${name}_squared`)
    const variance = op('ReduceMean', [squared], `${name}_variance`, { axes: [-1] })
    const safe = op('Add', [variance, 'epsilon'], `${name}_safe`)
    const scaled = op('Div', [centred, op('Sqrt', [safe], `${name}_deviation`)], `${name}_normalized`)
    const product = op('Mul', [scaled, weights(`${name}.weight`, [width], 0.1, 1)], `${name}_scaled`)
    return op('Add', [product, weights(`${name}.bias`, [width], 0.1)], name)
  }
  const heads4 = (x: string, perm: readonly number[]) => {
    return op('Transpose', [op('Reshape', [x, 'split_heads'], `${x}_split`)], `${x}_heads`, { perm })
  }

  let x = 'x'
  for (let layer = 0; layer < layers; layer++) {
    const at = (name: string) => `l${layer}_${name}`
    const query = heads4(linear(x, width, width, at('query')), [0, 2, 1, 3])
    const key = heads4(linear(x, width, width, at('key')), [0, 2, 3, 1])
    const value = heads4(linear(x, width, width, at('value')), [0, 2, 1, 3])
    const scores = op('Div', [op('MatMul', [query, key], at('scores')), 'root_of_depth'], at('scaled_scores'))
    const seen = masked ? op('Add', [scores, 'mask'], at('masked_scores')) : scores
    const context = op('MatMul', [op('Softmax', [seen], at('shares'), { axis: -1 }), value], at('context'))
    const turned = op('Transpose', [context], at('context_turned'), { perm: [0, 2, 1, 3] })
    const attended = linear(op('Reshape', [turned, 'join_heads'], at('attended')), width, width, at('projected'))
    const first = norm(op('Add', [attended, x], at('sum1')), at('norm1'))
    const wide = linear(first, width, inner, at('wide'))
    const erf = op('Erf', [op('Div', [wide, 'root_of_two'], at('erf_argument'))], at('erf'))
    const doubled = op('Mul', [wide, op('Add', [erf, 'one'], at('erf_plus_one'))], at('doubled'))
    const narrow = linear(op('Mul', [doubled, 'half'], at('gelu')), inner, width, at('narrow'))
    x = norm(op('Add', [narrow, first], at('sum2')), at('norm2'))
  }
  op('Identity', [x], 'y')
  const type = ['batch', 'length', width]
  return model({
    nodes,
    initializers,
    opset,
    inputs: [valueInfo('x', 'float32', type), ...(masked ? [valueInfo('mask', 'float32', ['batch', 1, 1, 'length'])] : [])],
    outputs: [valueInfo('y', 'float32', type)],
  })
}
