// Operators that give the same elements in the same order another shape: Reshape, Flatten, Squeeze, Unsqueeze, and a Transpose that moves
// axes of size 1 alone. Two in a row are one, or none.
// https://onnx.ai/onnx/operators/onnx__Reshape.html, …Flatten, …Squeeze, …Unsqueeze
import type { NodeProto } from 'onnx-buf'
import { attribute, int64Tensor, node } from '../build.ts'
import { copyWith } from '../copy.ts'
import { bypass } from './bypass.ts'
import { intsOf, isOperator, type Matching, numberOf, type Replacement } from './match.ts'
import { type Size, sameShape, times } from './sizes.ts'

type Fresh = (hint: string) => string

/**
 * The change of shape, one with the change before it if there is one, or taken out where the shape is as it was. `parts` are the
 * nodes that go. Undefined if it is no change of shape, or stays.
 */
export function mergeShapeChange(matching: Matching, last: NodeProto, fresh: Fresh): Replacement | undefined {
  if (!isShapeChange(matching, last)) return undefined
  const { producer, onlyReader, shape } = matching
  if (sameShape(shape(last.input[0]), shape(last.output[0]))) return bypass(matching, last, last.input[0]!)
  const first = producer(last.input[0])
  if (first === undefined) return undefined
  if (!isShapeChange(matching, first)) return keptByReduction(matching, first, last)
  const source = first.input[0]!
  const isOnlyRead = onlyReader(first) === last
  if (sameShape(shape(source), shape(last.output[0])) || undoesAxes(matching, first, last)) {
    const out = bypass(matching, last, source)
    return out && { ...out, parts: isOnlyRead ? [first, last] : [last] }
  }
  const merged = isOnlyRead ? (keptReshape(matching, first, last) ?? oneOfAxes(matching, first, last, fresh)) : undefined
  const one = merged ?? (isOnlyRead ? oneReshape(matching, source, last, fresh) : undefined)
  return one && { parts: [first], remove: new Set([first, last]), ...one }
}

function isShapeChange({ shape }: Matching, one: NodeProto | undefined): one is NodeProto {
  if (one === undefined) return false
  const isAlways: boolean = isOperator(one, 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze')
  if (isAlways || !isOperator(one, 'Transpose')) return isAlways
  const sizes = shape(one.input[0])
  const order = intsOf(one, 'perm') ?? [...(sizes?.keys() ?? [])].reverse()
  const moved = order.filter((axis) => sizes?.[axis] !== 1)
  return sizes !== undefined && moved.every((axis, index) => index === 0 || moved[index - 1]! < axis)
}

/** A reduction keeps the axes that an Unsqueeze behind it adds, or drops those that a Squeeze behind it takes. */
function keptByReduction(matching: Matching, first: NodeProto, last: NodeProto): Replacement | undefined {
  const keeps = numberOf(first, 'keepdims', 1)
  if (!isOperator(first, ...REDUCTIONS) || matching.onlyReader(first) !== last) return undefined
  if (last.opType !== (keeps === 1 ? 'Squeeze' : 'Unsqueeze')) return undefined
  const rank = matching.shape(first.input[0])?.length
  const reduced = intsOf(first, 'axes') ?? matching.numbers(first.input[1])
  const [a, b] = [reduced, givenAxes(matching, last)].map((axes) => axes && counted(axes, rank))
  if (a === undefined || a.length === 0 || a.join() !== b?.join()) return undefined
  const others = first.attribute.filter(({ name }) => name !== 'keepdims')
  const kept = copyWith(first, { output: [last.output[0]!], attribute: [...others, attribute('keepdims', 1 - keeps)] })
  return { parts: [last], remove: new Set([first, last]), add: [kept] }
}

const REDUCTIONS = ['Mean', 'Sum', 'Max', 'Min', 'Prod', 'SumSquare', 'L1', 'L2', 'LogSum', 'LogSumExp'].map(
  (name) => `Reduce${name}`,
)

type Added = Pick<Replacement, 'add' | 'addInitializers'>

/** A Reshape whose shape copies (0) nothing from the value before asks for the same of any value. */
function keptReshape({ numbers, opset }: Matching, first: NodeProto, last: NodeProto): Added | undefined {
  if (last.opType !== 'Reshape' || opset < 5) return undefined
  const asked = numbers(last.input[1])
  if (asked === undefined || asked.includes(0)) return undefined
  return { add: [copyWith(last, { input: [first.input[0]!, ...last.input.slice(1)] })] }
}

/** Squeeze and Unsqueeze of the same axes, in either order: both count them in the tensor that has them. */
function undoesAxes(matching: Matching, first: NodeProto, last: NodeProto): boolean {
  const types = [first.opType, last.opType].sort().join()
  const [a, b] = [givenAxes(matching, first), givenAxes(matching, last)]
  return types === 'Squeeze,Unsqueeze' && a !== undefined && a.length > 0 && b !== undefined && a.join() === b.join()
}

/** Two of Squeeze and Unsqueeze as one of them, where one is enough. */
function oneOfAxes(matching: Matching, first: NodeProto, last: NodeProto, fresh: Fresh): Added | undefined {
  const rank = matching.shape(first.input[0])?.length
  const a = countedAxes(matching, first, rank)
  const middle = rank === undefined || a === undefined ? undefined : rank + (first.opType === 'Unsqueeze' ? a.length : -a.length)
  const b = countedAxes(matching, last, middle)
  if (a === undefined || b === undefined) return undefined
  const make = (opType: string, axes: readonly number[]): Added => {
    const [input, output] = [first.input[0]!, last.output[0]!]
    const sorted = [...axes].sort((one, other) => one - other)
    if (matching.opset < 13) return { add: [node({ opType, name: last.name }, [input], [output], { axes: sorted })] }
    const name = fresh(`${output}_axes`)
    const added = node({ opType, name: last.name }, [input, name], [output])
    return { add: [added], addInitializers: [int64Tensor(name, [sorted.length], sorted)] }
  }
  switch (`${first.opType} ${last.opType}`) {
    case 'Unsqueeze Unsqueeze':
      return make('Unsqueeze', [...b, ...a.map((axis) => placeWithout(b, axis))])
    case 'Squeeze Squeeze':
      return make('Squeeze', [...a, ...b.map((axis) => placeWithout(a, axis))])
    case 'Unsqueeze Squeeze': {
      const [addedOnly, takenOnly] = [a.filter((axis) => !b.includes(axis)), b.filter((axis) => !a.includes(axis))]
      if (takenOnly.length === 0)
        return make(
          'Unsqueeze',
          addedOnly.map((axis) => numberWithout(b, axis)),
        )
      return addedOnly.length === 0
        ? make(
            'Squeeze',
            takenOnly.map((axis) => numberWithout(a, axis)),
          )
        : undefined
    }
    default:
      return undefined
  }
}

/** Where the axis that is counted without `others` lies among all. */
function placeWithout(others: readonly number[], axis: number): number {
  let place = -1
  for (let left = axis; left >= 0; ) if (!others.includes(++place)) left--
  return place
}

/** The axis among all, counted without `others`. */
const numberWithout = (others: readonly number[], axis: number) => axis - others.filter((other) => other < axis).length

/** Sorted, as given; attribute before opset 13, constant input since. */
function givenAxes({ opset, numbers }: Matching, one: NodeProto): readonly number[] | undefined {
  if (!isOperator(one, 'Squeeze', 'Unsqueeze')) return undefined
  const axes = opset < 13 ? intsOf(one, 'axes') : numbers(one.input[1])
  return axes && [...axes].sort((a, b) => a - b)
}

/** Counted from the front in the tensor that has them; `rank` is that of the node's input. */
function countedAxes(matching: Matching, one: NodeProto, rank: number | undefined): readonly number[] | undefined {
  const axes = givenAxes(matching, one)
  const whole = rank === undefined || one.opType === 'Squeeze' ? rank : rank + (axes?.length ?? 0)
  const result = axes && counted(axes, whole)
  return result?.every((axis) => axis >= 0) ? result : undefined
}

/** Sorted, from the front as far as the rank is known. */
function counted(axes: readonly number[], rank: number | undefined): readonly number[] {
  return axes.map((axis) => (axis < 0 && rank !== undefined ? axis + rank : axis)).sort((a, b) => a - b)
}

/** A Reshape to the shape that the later one gives. */
function oneReshape({ shape, opset }: Matching, source: string, last: NodeProto, fresh: Fresh): Added | undefined {
  const asked = askedShape(shape(source), shape(last.output[0]))
  if (asked === undefined || opset < 5) return undefined
  const name = fresh(`${last.output[0]}_shape`)
  const add = [node({ opType: 'Reshape', name: last.name }, [source, name], [last.output[0]!])]
  return { add, addInitializers: [int64Tensor(name, [asked.length], asked)] }
}

/**
 * What Reshape is given: numbers, 0 if a symbol is copied from the same axis, or one -1 for a symbol. -1 together with a copy would
 * fail where the copied size is 0.
 */
function askedShape(from: readonly Size[] | undefined, to: readonly Size[] | undefined): readonly number[] | undefined {
  if (from === undefined || to === undefined || times(from) !== times(to) || to.includes(0)) return undefined
  const symbols = to.filter((size) => typeof size === 'string')
  if (symbols.length === 1) return to.map((size) => (typeof size === 'string' ? -1 : size))
  if (!to.every((size, axis) => typeof size === 'number' || size === from[axis])) return undefined
  return to.map((size) => (typeof size === 'string' ? 0 : size))
}
