// Models whose operators have a faster form that gives the same numbers, and their twins in that form. Written into a folder.

import { floatTensor, int64Tensor, node, valueInfo } from '../../dist/graph/build.js'
import { chain, FLOAT, filled, finish, scalar, weights, write } from './net.mjs'

const int64 = (name, values) => int64Tensor(name, [values.length], values)

/** Eight attentions of 8 heads over 32 positions of 256 numbers; planted: in pieces, where the twin has the engine's operator. */
export function attention(folder, { inPieces }) {
  const [positions, width, heads] = [32, 256, 8]
  const shape = [1, positions, width]
  const net = chain('x')
  const toHeads = net.constant(int64('to_heads', [1, positions, heads, width / heads]))
  const back = net.constant(int64('back', shape))
  const scale = net.constant(scalar('scale', 1 / Math.sqrt(width / heads)))
  const add = (opType, [first, ...others], attributes) => net.add(opType, others, attributes, first)
  for (let k = 0; k < 8; k++) {
    const value = net.last
    const [query, key] = ['q', 'k'].map((which) => add('Mul', [value, net.constant(weights(`${which}${k}`, [width]))]))
    if (inPieces) {
      const inHeads = (of, perm) => add('Transpose', [add('Reshape', [of, toHeads])], { perm })
      const q = inHeads(query, [0, 2, 1, 3])
      const scores = add('Mul', [add('MatMul', [q, inHeads(key, [0, 2, 3, 1])]), scale])
      const weighed = add('MatMul', [add('Softmax', [scores], { axis: -1 }), inHeads(value, [0, 2, 1, 3])])
      add('Reshape', [add('Transpose', [weighed], { perm: [0, 2, 1, 3] }), back])
    } else {
      const operator = { opType: 'MultiHeadAttention', domain: 'com.microsoft', name: `attention${k}` }
      net.nodes.push(node(operator, [query, key, value], [`attended${k}`], { num_heads: heads }))
      net.add('Identity', [], {}, `attended${k}`)
    }
  }
  return finish(folder, inPieces ? 'attention-in-pieces' : 'attention', net, shape, shape)
}

/** Pointwise convolutions with HardSwish behind each; planted: in pieces, as exports before opset 14 write it. */
export function hardSwish(folder, { inPieces }) {
  const [channels, side] = [64, 56]
  const shape = [1, channels, side, side]
  const net = chain('x')
  const [three, zero, six] = [3, 0, 6].map((value) => net.constant(scalar(`number_${value}`, value)))
  for (let k = 0; k < 4; k++) {
    const of = net.add('Conv', [net.constant(weights(`w${k}`, [channels, channels, 1, 1]))], { kernel_shape: [1, 1] })
    if (inPieces) {
      net.add('Add', [three])
      net.add('Clip', [zero, six])
      net.add('Mul', [net.last], {}, of)
      net.add('Div', [six])
    } else net.add('HardSwish')
  }
  net.add('ReduceMean', [], { axes: [2, 3] })
  return finish(folder, inPieces ? 'hard-swish-in-pieces' : 'hard-swish', net, shape, [1, channels, 1, 1])
}

/** Products with slopes by channel between them; planted: PRelu, whose kernel goes number by number, where the twin has LeakyRelu. */
export function slopes(folder, { general }) {
  const shape = [1, 64, 4000]
  const net = chain('x')
  for (let k = 0; k < 4; k++) {
    if (general) net.add('PRelu', [net.constant(floatTensor(`slope${k}`, [64, 1], new Float32Array(64).fill(0.25)))])
    else net.add('LeakyRelu', [], { alpha: { float: 0.25 } })
    net.add('MatMul', [net.constant(weights(`w${k}`, [64, 64]))], {}, net.add('Transpose', [], { perm: [0, 2, 1] }))
    net.add('Transpose', [], { perm: [0, 2, 1] })
  }
  return finish(folder, general ? 'prelu' : 'leaky-relu', net, shape, shape)
}

/** Means over space, of a plain tensor; planted: as GlobalAveragePool, which adds them up in one vector. */
export function pooling(folder, { pooled }) {
  const shape = [1, 256, 64, 64]
  const net = chain('x')
  for (let k = 0; k < 3; k++) {
    const before = net.last
    const mean = pooled ? net.add('GlobalAveragePool') : net.add('ReduceMean', [], { axes: [2, 3] })
    net.add('Sub', [mean], {}, before)
  }
  return finish(folder, pooled ? 'global-pooling' : 'means', net, shape, shape)
}

/** Residual sums, normalized, between products; planted: in one operator, whose kernel goes number by number. */
export function skips(folder, { fused }) {
  const [positions, width] = [512, 256]
  const shape = [1, positions, width]
  const net = chain('x')
  for (let k = 0; k < 4; k++) {
    const skip = net.last
    const [scale, bias] = [net.constant(filled(`g${k}`, width, 1)), net.constant(filled(`b${k}`, width, 0))]
    const product = net.add('MatMul', [net.constant(weights(`w${k}`, [width, width]))])
    if (fused) {
      const operator = { opType: 'SkipLayerNormalization', domain: 'com.microsoft', name: `skip${k}` }
      net.nodes.push(node(operator, [product, skip, scale, bias], [`normal${k}`], { epsilon: { float: 1e-5 } }))
      net.add('Identity', [], {}, `normal${k}`)
    } else net.add('LayerNormalization', [scale, bias], { axis: -1 }, net.add('Sum', [skip], {}, product))
  }
  return finish(folder, fused ? 'skips-fused' : 'skips-apart', net, shape, shape)
}

/** Rows taken by an index; planted: element by element, the index repeated along each row, as PyTorch's gather is exported. */
export function rowsByIndex(folder, { repeated }) {
  const [rows, width, taken] = [2000, 32, 4000]
  const net = chain('x')
  const spread = net.constant(int64('spread', [taken, width]))
  const column = net.constant(int64('column', [taken, 1]))
  const index = repeated ? net.add('Expand', [spread], {}, net.add('Reshape', [column], {}, 'index')) : 'index'
  for (let k = 0; k < 2; k++) {
    const of = net.add('MatMul', [net.constant(weights(`w${k}`, [width, width]))], {}, k === 0 ? 'x' : 'x0')
    const moved = net.add(repeated ? 'GatherElements' : 'Gather', [index], { axis: 0 }, of)
    net.nodes.push(node({ opType: 'ReduceMean', name: `mean${k}` }, [moved], [`mean${k}_out`], { axes: [0], keepdims: 1 }))
    net.nodes.push(node({ opType: 'Add', name: `x${k}` }, ['x', `mean${k}_out`], [`x${k}`]))
  }
  return write(folder, repeated ? 'rows-repeated' : 'rows', {
    ...{ nodes: net.nodes, initializers: net.initializers },
    inputs: [valueInfo('x', FLOAT, [rows, width]), valueInfo('index', 'int64', [taken])],
    outputs: [valueInfo('x1', FLOAT, [rows, width])],
  })
}

/** Normalization of a whole sample, three times; planted: in pieces, a mean of means in them, as networks that separate voices have it. */
export function wholeSample(folder, { inPieces }) {
  const shape = [1, 128, 2000]
  const net = chain('x')
  const [two, epsilon] = [net.constant(scalar('two', 2)), net.constant(scalar('epsilon', 1e-5))]
  const group = net.constant(int64('group', [1, 1, -1]))
  const back = net.constant(int64('back', shape))
  const [one, zero] = [net.constant(filled('one', 1, 1)), net.constant(filled('zero', 1, 0))]
  for (let k = 0; k < 3; k++) {
    const x = net.last
    if (inPieces) {
      const mean = (of) => net.add('ReduceMean', [], { axes: [2] }, net.add('ReduceMean', [], { axes: [1] }, of))
      const centred = net.add('Sub', [mean(x)], {}, x)
      const variance = mean(net.add('Pow', [two], {}, centred))
      net.add('Div', [net.add('Sqrt', [], {}, net.add('Add', [epsilon], {}, variance))], {}, centred)
    } else {
      net.add('Reshape', [group])
      net.add('InstanceNormalization', [one, zero], { epsilon: { float: 1e-5 } })
      net.add('Reshape', [back])
    }
    net.add('Relu')
  }
  return finish(folder, inPieces ? 'whole-sample-in-pieces' : 'whole-sample', net, shape, shape)
}
