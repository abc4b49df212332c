// Maps whose every position is repeated: Resize and Upsample to the nearest, by whole factors.
// https://onnx.ai/onnx/operators/onnx__Resize.html
import type { NodeProto } from 'onnx-buf'
import { attributeOf, isOperator, type Matching, numberOf } from './match.ts'

/** Since when the coordinates of Resize are the node's choice, and its scales the third input. */
const WITH_COORDINATES = 11

/** How often the node repeats each position, by spatial axis: position `m` of its result is position `floor(m / factor)` of its first input. */
export function repeatsOf(matching: Matching, node: NodeProto | undefined): readonly number[] | undefined {
  if (!isOperator(node, 'Upsample', 'Resize') || String(attributeOf(node, 'mode') ?? 'nearest') !== 'nearest') return undefined
  if (attributeOf(node, 'axes') !== undefined || numberOf(node, 'antialias', 0) !== 0) return undefined
  const factors = factorsOf(matching, node)
  if (factors === undefined || factors.length < 3 || !factors.every((one) => Number.isInteger(one) && one > 0)) return undefined
  if (factors[0] !== 1 || factors[1] !== 1 || !isFloor(matching, node, factors)) return undefined
  return factors.slice(2)
}

function factorsOf(matching: Matching, node: NodeProto): readonly number[] | undefined {
  const given = attributeOf(node, 'scales')
  const isNew = node.opType === 'Resize' && matching.opset >= WITH_COORDINATES
  const scales = Array.isArray(given) ? (given as readonly number[]) : matching.numbers(node.input[isNew ? 2 : 1])
  if (scales !== undefined && scales.length > 0) return scales
  // To sizes.
  const [from, to] = [matching.shape(node.input[0]), matching.shape(node.output[0])]
  if (!node.input[3] || from === undefined || from.length !== to?.length) return undefined
  return to.map((size, axis) => {
    if (size === from[axis]) return 1
    return typeof size === 'number' && typeof from[axis] === 'number' ? size / from[axis] : Number.NaN
  })
}

/** Half a pixel in, every position is nearest to the one that it repeats, and nothing is halfway; from the corner on, rounding down. */
function isFloor({ opset }: Matching, node: NodeProto, factors: readonly number[]): boolean {
  if (node.opType === 'Upsample' || opset < WITH_COORDINATES) return true
  const coordinates = String(attributeOf(node, 'coordinate_transformation_mode') ?? 'half_pixel')
  const nearest = String(attributeOf(node, 'nearest_mode') ?? 'round_prefer_floor')
  if (coordinates === 'asymmetric') return nearest === 'floor' || (nearest === 'round_prefer_floor' && Math.max(...factors) <= 2)
  return (coordinates === 'half_pixel' || coordinates === 'pytorch_half_pixel') && nearest.startsWith('round_prefer')
}
