// What can be handed to another thread instead of copied.
import type { Results } from '@whyslow/measure/engines/types.ts'

/** Buffers that hold one tensor, or one part of a body, and nothing else. */
export const ownedBuffers = (arrays: readonly unknown[]): ArrayBuffer[] => [
  ...new Set(
    arrays.flatMap((data) =>
      ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength
        ? [data.buffer]
        : [],
    ),
  ),
]

export const tensorBuffers = (results: readonly Results[]): ArrayBuffer[] =>
  ownedBuffers(results.flatMap((one) => Object.values(one).map(({ data }) => data)))
