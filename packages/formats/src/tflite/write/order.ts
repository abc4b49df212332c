// Orders of axes in TFLite's tensors: axis `l` of a tensor is axis `order[l]` of the value that it holds.

import { identity } from '@whyslow/graph/builder/permutation.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'

/** [n, c, …spatial] lying as [n, …spatial, c]. */
export const channelsLast = (rank: number): number[] => [0, ...identity(rank).slice(2), 1]

/** An axis of the value, counted from the end where negative, as an axis of its tensor. */
export const liteAxis = (order: readonly number[], axis: number): number => order.indexOf(axisFromFront(axis, order.length))
