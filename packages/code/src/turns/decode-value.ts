// A tree as values of JavaScript: what a program is called with. Arrays of several axes are typed arrays, row by row, which say their `shape`.
import { type Encoded, elementsOf, numberOf, type ValueTree } from './value.ts'

/** A value of its own at every call: what a program writes into its input harms no other call. */
export function decodeValue({ tree, buffers }: Encoded): unknown {
  return decode(tree, buffers)
}

function decode(tree: ValueTree, buffers: readonly Uint8Array[]): unknown {
  switch (tree.kind) {
    case 'nothing':
      return tree.type === 'undefined' ? undefined : null
    case 'truth':
    case 'text':
      return tree.value
    case 'integer':
      return integerOf(tree.value, tree.type)
    case 'number':
      return numberOf(tree.value)
    case 'bytes':
      return Buffer.from(buffers[tree.buffer]!)
    case 'list': {
      const items = tree.items.map((item) => decode(item, buffers))
      return tree.type === 'Set' || tree.type === 'set' ? new Set(items) : items
    }
    case 'map':
      return Object.fromEntries(tree.keys.map((key, k) => [key, decode(tree.values[k]!, buffers)]))
    case 'opaque':
      return tree.text
    case 'array': {
      const elements = elementsOf(tree, buffers.with(tree.buffer, new Uint8Array(buffers[tree.buffer]!)))
      if (elements === null || tree.type === 'Buffer') return Buffer.from(buffers[tree.buffer]!)
      if (isList(tree.type)) return Array.from(elements, Number)
      if (tree.shape.length !== 1) Object.defineProperty(elements, 'shape', { value: [...tree.shape] })
      return elements
    }
  }
}

const isList = (type: string): boolean => type === 'Array' || type === 'list' || type === 'tuple'

/** Python's ints are JavaScript's numbers, as far as those count exactly. */
function integerOf(value: string, type: string): number | bigint {
  const number = Number(value)
  return type !== 'bigint' && Number.isSafeInteger(number) ? number : BigInt(value)
}
