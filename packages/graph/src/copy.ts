// Changing a message without changing it: a new message that shares what stays. Messages of proto2 keep their defaults on
// the prototype, so an object spread would lose them: https://github.com/bufbuild/protobuf-es/blob/main/MANUAL.md
import type { Message } from '@bufbuild/protobuf'

/** The same message with other fields, sharing all others with the original. A field given as undefined is unset. */
export function copyWith<M extends Message>(message: M, changes: { readonly [K in keyof M]?: M[K] | undefined }): M {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(message)), message, changes)
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete copy[name]
  return copy
}
