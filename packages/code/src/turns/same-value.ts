// Whether a value arrived as it was sent: of the same kinds in every part, not only of the same numbers. What programs are given in place of
// their own samples has to be, since a Buffer that became a Uint8Array is another input.
import { decodeValue } from './decode-value.ts'
import { encodeValue } from './encode-value.ts'
import type { Encoded } from './value.ts'

const DEEPEST = 64

/** The kind in it that another process would be given something else for: 'Date'; null: it travels unchanged. */
export function unsendableKind(value: unknown, encoded: Encoded): string | null {
  try {
    return changedKind(value, decodeValue(encoded))
  } catch {
    // What a stranger's object does when it is looked at.
    return typeof value
  }
}

/** For a program to write into; the value itself if it cannot be copied as it is. */
export function copyOf(value: unknown): unknown {
  for (const copied of [(one: unknown) => decodeValue(encodeValue(one)), structuredClone]) {
    try {
      const made: unknown = copied(value)
      if (changedKind(value, made) === null) return made
    } catch {
      // A function in it, or an object that does not let itself be looked at.
    }
  }
  return value
}

/** The first kind that is not the same in the other; null: all are. Exported for its test. */
function changedKind(one: unknown, other: unknown, depth = 0): string | null {
  if (typeof one !== 'object' || one === null) return Object.is(one, other) ? null : typeof one
  const prototype: unknown = Object.getPrototypeOf(one)
  const name = (prototype as object | null)?.constructor?.name || 'Object'
  if (typeof other !== 'object' || other === null || Object.getPrototypeOf(other) !== prototype || depth > DEEPEST) return name
  if (ArrayBuffer.isView(one) || one instanceof ArrayBuffer) return isSameBytes(one, other as typeof one) ? null : name
  if (one instanceof Date) return Object.is(one.getTime(), (other as Date).getTime()) ? null : name
  const left = partsOf(one, prototype)
  const right = left === null ? null : partsOf(other, prototype)
  if (left === null || right === null || left.length !== right.length) return name
  for (const [k, part] of left.entries()) {
    const changed = changedKind(part, right[k], depth + 1)
    if (changed !== null) return changed
  }
  return null
}

/** What a container of the language's own holds, names among it; null: it is none, or has more than it shows. */
function partsOf(value: object, prototype: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return Object.keys(value).length === value.length ? value : null
  if (prototype === Map.prototype) return [...(value as Map<unknown, unknown>)].flat()
  if (prototype === Set.prototype) return [...(value as Set<unknown>)]
  if (prototype !== Object.prototype && prototype !== null) return null
  const parts: unknown[] = []
  for (const key of Reflect.ownKeys(value)) {
    const held = Object.getOwnPropertyDescriptor(value, key)!
    if (held.get !== undefined) return null
    parts.push(key, held.value)
  }
  return parts
}

function isSameBytes(one: ArrayBufferView | ArrayBuffer, other: ArrayBufferView | ArrayBuffer): boolean {
  const bytes = (held: ArrayBufferView | ArrayBuffer) =>
    ArrayBuffer.isView(held) ? Buffer.from(held.buffer, held.byteOffset, held.byteLength) : Buffer.from(held)
  // A name of its own in addition to the elements: shape.
  const hasMore = 'length' in one && Object.getOwnPropertyNames(one).length !== one.length
  return !hasMore && bytes(one).equals(bytes(other))
}
