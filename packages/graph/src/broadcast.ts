// Shapes broadcast together, as ONNX and NumPy do. https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md
import type { Dimension } from './types.ts'

/**
 * Two sizes broadcast together. A symbol with a number other than 1 must be that number or 1, and the result is the number. Undefined:
 * two symbols that differ, of which nothing can be told, or two numbers, which do not broadcast.
 */
export function broadcast<Size extends Dimension>(a: Size, b: Size): Size | undefined {
  if (a === b || b === 1) return a
  if (a === 1) return b
  if (typeof a === 'number') return typeof b === 'number' ? undefined : a
  return typeof b === 'number' ? b : undefined
}

/** Each axis of shapes broadcast together; undefined as in `broadcast`. */
export function broadcastAxes<Size extends Dimension>(shapes: readonly (readonly Size[])[]): (Size | undefined)[] {
  const rank = Math.max(0, ...shapes.map(({ length }) => length))
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.filter(({ length }) => axis >= rank - length).map((shape) => shape[axis - rank + shape.length]!)
    return sizes.reduce<Size | undefined>((all, size) => (all === undefined ? all : broadcast(all, size)), sizes[0])
  })
}
