// Rows moved by one index each. GatherElements and ScatterElements take an index for every element and go through them one by one
// (onnxruntime/core/providers/cpu/tensor/gather_elements.cc, scatter.cc); where all elements of a row have the same, GatherND and ScatterND copy or
// add the row as a whole, and nobody needs to write the index out for each element.
// ScatterND shares its rows out to threads once they hold some 200 thousand elements (Eigen's cost model, one cycle each), without looking whether
// two have the same place: with a reduction, that loses some. Only what is surely smaller is rewritten; then rows are added in the same order as before.
import { int64Tensor, node } from '@whyslow/graph/build.ts'
import { countByOperator } from '@whyslow/graph/rewrite/bypass.ts'
import { attributeOf, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { findRowIndices, type RowIndices } from '@whyslow/graph/rewrite/row-indices.ts'
import { defineRemedy, predictedSaving } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

/** Elements that ScatterND moves on one thread, however many there are. */
const ON_ONE_THREAD = 1 << 17
/** Since when GatherND knows axes that come first in both. */
const FIRST_WITH_BATCH = 12

export const rowIndices = defineRemedy(
  rewritingRemedy({
    id: 'row-indices',
    title: 'Indices repeated along rows become one for each row',
    treats: ['inefficient-kernels', 'memory-bound-operators'],
    effect: 'exact',
    find: (matching, fresh) =>
      matching.graph.node.flatMap((one) => {
        const found = findRowIndices(matching, one)
        return found ? (replace(matching, one, found, fresh) ?? []) : []
      }),
    changes: ({ parts }) => `${countByOperator(parts)} by one index for each row`,
    saving: (evidence) => predictedSaving(['inefficient-kernels'], evidence),
  }),
)

type OneNode = Matching['graph']['node'][number]

function replace(
  matching: Matching,
  one: OneNode,
  { rows, axis, shape }: RowIndices,
  fresh: (hint: string) => string,
): Replacement | undefined {
  const scatters = one.opType === 'ScatterElements'
  // GatherND and ScatterND take no others.
  if (matching.dtype(rows) !== 'int64') return undefined
  if (scatters ? !isSafe(matching, one, { axis, shape }) : axis > 0 && matching.opset < FIRST_WITH_BATCH) return undefined
  const output = one.output[0]!
  const name = one.name || fresh(`${output}_rows`)
  // One axis behind that of the rows, for the index.
  const isFlat = shape.length === axis + 2
  const indices = isFlat ? rows : fresh(`${rows}_of_rows`)
  const sizes = int64Tensor(fresh(`${indices}_sizes`), [axis + 2], [...new Array<number>(axis + 1).fill(0), 1])
  const flatten = node({ opType: 'Reshape', name: fresh(`${indices}_reshape`) }, [rows, sizes.name], [indices])
  const moved = scatters
    ? node({ opType: 'ScatterND', name }, [one.input[0]!, indices, one.input[2]!], [output], { reduction: reductionOf(one) })
    : node({ opType: 'GatherND', name }, [one.input[0]!, indices], [output], axis === 0 ? {} : { batch_dims: axis })
  return {
    parts: [one],
    remove: new Set([one]),
    add: isFlat ? [moved] : [flatten, moved],
    addInitializers: isFlat ? [] : [sizes],
  }
}

const reductionOf = (one: OneNode): string => String(attributeOf(one, 'reduction') ?? 'none')

/** Whether the rewrite is safe. Without a reduction, it is undefined which of two rows with the same place stays, and the two operators differ. */
function isSafe({ dtype }: Matching, one: OneNode, { axis, shape }: Pick<RowIndices, 'axis' | 'shape'>): boolean {
  const elements = shape.reduce<number>((all, size) => (typeof size === 'number' ? all * size : Number.POSITIVE_INFINITY), 1)
  return axis === 0 && elements <= ON_ONE_THREAD && reductionOf(one) !== 'none' && dtype(one.input[0]) === 'float32'
}
