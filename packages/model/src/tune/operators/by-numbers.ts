// Numbers of a part's constants that decide which rewrites it takes: parts that are alike but for them are timed apart.

import type { Matching } from '@whyslow/graph/rewrite/match.ts'
import { slopesKind } from '@whyslow/graph/rewrite/slopes.ts'
import type { NodeProto } from 'onnx-buf'

/** '' where none decides. */
export function numbersKey({ numbers, scalar }: Matching, parts: readonly NodeProto[]): string {
  const slopes = parts.flatMap(({ opType, input }) => (opType === 'PRelu' ? slopesKind(numbers(input[1]) ?? []) : []))
  // What is clipped, with the numbers around it, may be an activation in pieces.
  const isClipped = parts.length > 1 && parts.some(({ opType }) => opType === 'Clip')
  const around = isClipped ? parts.flatMap(({ input }) => input.flatMap((name) => scalar(name) ?? [])) : []
  return [...slopes, ...around].join()
}
