// What tensors' elements are held in, as engines of JavaScript have them: packed types byte by byte, and no bfloat16, which none of them takes.

import { ELEMENT_ARRAYS, type ElementArrayType } from '@whyslow/graph/element-arrays.ts'
import type { DType } from '@whyslow/graph/types.ts'

const { bfloat16: _, ...wholeBytes } = ELEMENT_ARRAYS

/** Types that are not here are fed to none of them. */
export const ARRAY_TYPES: Readonly<Partial<Record<DType, ElementArrayType>>> = {
  ...wholeBytes,
  int4: Uint8Array,
  uint4: Uint8Array,
}
