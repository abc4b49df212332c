import { floatTensor, int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fourierAsProducts } from './fourier-as-products.ts'

interface Transform {
  readonly shape?: readonly (number | string)[]
  readonly length?: number
  readonly axis?: number
  readonly onesided?: number
  readonly inverse?: number
  readonly opset?: number
}

function dft({ shape = [2, 3, 16, 1], length, axis = 2, onesided = 1, inverse = 0, opset = 17 }: Transform = {}) {
  const asInput = opset >= 20
  const inputs = ['x', length === undefined ? '' : 'length', ...(asInput ? ['axis'] : [])]
  return model({
    nodes: [node({ opType: 'DFT', name: 'one' }, inputs, ['y'], { onesided, inverse, ...(asInput ? {} : { axis }) })],
    inputs: [valueInfo('x', 'float32', [...shape])],
    outputs: [valueInfo('y', 'float32')],
    initializers: [
      ...(length === undefined ? [] : [int64Tensor('length', [], [length])]),
      ...(asInput ? [int64Tensor('axis', [], [axis])] : []),
    ],
    opset,
  })
}

interface Frames {
  readonly shape?: readonly (number | string)[]
  readonly window?: boolean
  readonly length?: number
  readonly onesided?: number
}

function stft({ shape = [2, 100, 1], window = true, length, onesided }: Frames = {}) {
  const inputs = ['x', 'step', window ? 'window' : '', ...(length === undefined ? [] : ['length'])]
  return model({
    nodes: [node({ opType: 'STFT', name: 'one' }, inputs, ['y'], onesided === undefined ? {} : { onesided })],
    inputs: [valueInfo('x', 'float32', [...shape])],
    outputs: [valueInfo('y', 'float32')],
    initializers: [
      int64Tensor('step', [], [10]),
      ...(window
        ? [
            floatTensor(
              'window',
              [32],
              Array.from({ length: 32 }, (_, n) => Math.sin((Math.PI * (n + 0.5)) / 32)),
            ),
          ]
        : []),
      ...(length === undefined ? [] : [int64Tensor('length', [], [length])]),
    ],
    opset: 17,
  })
}

const inOne = ['Reshape', 'MatMul', 'Reshape']
const inTwo = ['Reshape', 'MatMul', 'Reshape', 'Transpose', 'MatMul', 'Reshape', 'Transpose', 'Reshape', 'Slice', 'Reshape']
const asConv = ['Reshape', 'Conv', 'Transpose', 'Reshape']

checkRemedy(fourierAsProducts, {
  applies: [
    { name: 'short ones in one product', model: dft(), operators: inOne, changes: /^1 Fourier transform as products/ },
    { name: 'with its length told', model: dft({ length: 16 }), operators: inOne },
    { name: 'long ones in two', model: dft({ shape: [1, 3, 512, 1] }), operators: inTwo },
    { name: 'long ones with a free size before them', model: dft({ shape: ['n', 3, 1024, 1] }), operators: inTwo },
    { name: 'with the axis as an input', model: dft({ opset: 20, axis: -2 }), operators: inOne },
    { name: 'overlapping frames as a convolution', model: stft(), operators: asConv },
    { name: 'of a signal without parts, and a free batch', model: stft({ shape: ['n', 100] }), operators: asConv },
    { name: 'frames without a window', model: stft({ window: false, length: 24, onesided: 1 }), operators: asConv },
  ],
  leaves: [
    { name: 'complex numbers', model: dft({ shape: [2, 3, 16, 2], onesided: 0 }) },
    { name: 'whole spectra', model: dft({ onesided: 0 }) },
    { name: 'another axis', model: dft({ axis: 1 }) },
    { name: 'another length than there are numbers', model: dft({ length: 8 }) },
    { name: 'sizes that are free', model: dft({ shape: ['n', 'm', 16, 1] }) },
    { name: 'whole spectra of frames', model: stft({ onesided: 0 }) },
  ],
})
