// Floating-point operations of PyTorch's operators by the shapes of their inputs; a multiply-add is two. What no formula is known of,
// or whose shapes were not recorded, is null.

type Shape = readonly number[]

/** Where a convolution has its arguments: they differ from one operator to the next (aten/src/ATen/native/native_functions.yaml). */
const CONVOLUTIONS: Readonly<Record<string, { stride: number; padding: number; dilation: number; transposed?: number }>> = {
  'aten::conv1d': { stride: 3, padding: 4, dilation: 5 },
  'aten::conv2d': { stride: 3, padding: 4, dilation: 5 },
  'aten::conv3d': { stride: 3, padding: 4, dilation: 5 },
  'aten::convolution': { stride: 3, padding: 4, dilation: 5, transposed: 6 },
  'aten::_convolution': { stride: 3, padding: 4, dilation: 5, transposed: 6 },
  'aten::cudnn_convolution': { padding: 2, stride: 3, dilation: 4 },
  'aten::cudnn_convolution_add_relu': { stride: 4, padding: 5, dilation: 6 },
  'aten::miopen_convolution': { padding: 3, stride: 4, dilation: 5 },
  'aten::mkldnn_convolution': { padding: 3, stride: 4, dilation: 5 },
}

const product = (shape: Shape): number => shape.reduce((all, one) => all * one, 1)

/** `concrete`: arguments that are no tensors, in their places. */
export function flopsOf(operator: string, shapes: readonly Shape[], concrete: readonly string[] = []): number | null {
  const [a = [], b = [], c = []] = shapes
  switch (operator) {
    case 'aten::mm':
    case 'aten::_scaled_mm':
      return a.length === 2 && b.length === 2 ? 2 * product(a) * b[1]! : null
    case 'aten::addmm':
      return b.length === 2 && c.length === 2 ? 2 * product(b) * c[1]! : null
    case 'aten::bmm':
      return a.length === 3 && b.length === 3 ? 2 * product(a) * b[2]! : null
    case 'aten::baddbmm':
      return b.length === 3 && c.length === 3 ? 2 * product(b) * c[2]! : null
    case 'aten::linear':
    case 'aten::mkldnn_linear':
    case 'mkldnn::_linear_pointwise':
      return a.length > 0 && b.length === 2 ? 2 * product(a) * b[0]! : null
    case 'aten::mv':
      return a.length === 2 ? 2 * product(a) : null
  }
  if (/^aten::_?(scaled_dot_product|flash|efficient)\w*attention(_for_cpu|_math)?(_forward)?$/.test(operator))
    return attentionFlops(a, b, c)
  const places = CONVOLUTIONS[operator]
  return places === undefined ? null : convolutionFlops(a, b, places, concrete)
}

function attentionFlops(query: Shape, key: Shape, value: Shape): number | null {
  if (query.length !== 4 || key.length !== 4) return null
  const [batch = 0, heads = 0, length = 0, width = 0] = query
  return 2 * batch * heads * length * key[2]! * (width + (value[3] ?? width))
}

function convolutionFlops(
  input: Shape,
  weight: Shape,
  { stride, padding, dilation, transposed }: (typeof CONVOLUTIONS)[string],
  concrete: readonly string[],
): number | null {
  const axes = input.length - 2
  if (axes < 1 || weight.length !== input.length) return null
  if (transposed !== undefined && concrete[transposed] === 'True') return 2 * product(input) * product(weight.slice(1))
  const [steps, pads, holes] = [stride, padding, dilation].map((at) => listOf(concrete[at], axes))
  if (steps === undefined || pads === undefined || holes === undefined) return null
  let outputs = input[0]! * weight[0]!
  for (let i = 0; i < axes; i++) {
    const window = holes[i]! * (weight[i + 2]! - 1) + 1
    outputs *= Math.floor((input[i + 2]! + 2 * pads[i]! - window) / steps[i]!) + 1
  }
  return outputs > 0 ? 2 * outputs * product(weight.slice(1)) : null
}

/** '[1, 1]' as numbers, one for each axis; undefined where it is none. */
function listOf(text: string | undefined, axes: number): number[] | undefined {
  const numbers = (text ?? '').match(/-?\d+/g)?.map(Number) ?? []
  if (numbers.length === 1) return Array.from({ length: axes }, () => numbers[0]!)
  return numbers.length === axes ? numbers : undefined
}
