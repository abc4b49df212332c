// Types of numbers as WebAssembly calls them.
import type { Precision } from '@whyslow/graph/forest/types.ts'

export const typeOf = (precision: Precision): 'f32' | 'f64' => (precision === 'float32' ? 'f32' : 'f64')
export const bytesOf = (precision: Precision): number => (precision === 'float32' ? 4 : 8)
