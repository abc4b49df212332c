// HDF5 files that are hostile, for tests: a superblock of version 2, and one object header with what a test puts into it.

const SUPERBLOCK_BYTES = 48
const UNDEFINED = 0xffff_ffff_ffff_ffffn

/** A message of the root group's header: its type and content. */
export type ExampleMessage = readonly [type: number, content: Uint8Array]

/** `behind`: bytes that stand behind the header, made when it is known where they begin. */
export function exampleHdf5(
  messages: (behindAt: number) => readonly ExampleMessage[],
  behind: (at: number) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  // Sizes do not depend on where it begins.
  const sizeBytes = messages(0).reduce((sum, [, content]) => sum + 4 + content.length, 0)
  const behindAt = SUPERBLOCK_BYTES + 10 + sizeBytes
  const rest = behind(behindAt)
  const file = new Uint8Array(behindAt + rest.length)
  const view = new DataView(file.buffer)
  file.set([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 2, 8, 8])
  view.setBigUint64(20, UNDEFINED, true)
  view.setBigUint64(28, BigInt(file.length), true)
  view.setBigUint64(36, BigInt(SUPERBLOCK_BYTES), true)
  // The size of the messages takes four bytes.
  file.set([0x4f, 0x48, 0x44, 0x52, 2, 2], SUPERBLOCK_BYTES)
  view.setUint32(SUPERBLOCK_BYTES + 6, sizeBytes, true)
  let at = SUPERBLOCK_BYTES + 10
  for (const [type, content] of messages(behindAt)) {
    file[at] = type
    view.setUint16(at + 1, content.length, true)
    file.set(content, at + 4)
    at += 4 + content.length
  }
  file.set(rest, behindAt)
  return file
}

/** An attribute (version 3) of texts in a global heap: of `count`, each the object `index` of `sizeBytes` at `heap`. */
export function longTexts(
  name: string,
  {
    count,
    heap,
    index,
    sizeBytes,
  }: { readonly count: number; readonly heap: number; readonly index: number; readonly sizeBytes: number },
): ExampleMessage {
  const content = new Uint8Array(9 + name.length + 1 + 8 + 12 + 16 * count)
  const view = new DataView(content.buffer)
  content[0] = 3
  view.setUint16(2, name.length + 1, true)
  view.setUint16(4, 8, true)
  view.setUint16(6, 12, true)
  content.set(new TextEncoder().encode(name), 9)
  const typeAt = 9 + name.length + 1
  content.set([9, 1, 0, 0, 16], typeAt)
  content.set([2, 1, 0, 1], typeAt + 8)
  view.setBigUint64(typeAt + 12, BigInt(count), true)
  for (let k = 0, at = typeAt + 20; k < count; k++, at += 16) {
    view.setUint32(at, sizeBytes, true)
    view.setBigUint64(at + 4, BigInt(heap), true)
    view.setUint32(at + 12, index, true)
  }
  return [0x0c, content]
}

/** A global heap of objects of these sizes, numbered from 1. */
export function textHeap(sizes: readonly number[]): Uint8Array {
  const content = new Uint8Array(16 + sizes.reduce((sum, size) => sum + 16 + Math.ceil(size / 8) * 8, 0))
  const view = new DataView(content.buffer)
  content.set(new TextEncoder().encode('GCOL'))
  view.setBigUint64(8, BigInt(content.length), true)
  let at = 16
  for (const [k, size] of sizes.entries()) {
    view.setUint16(at, k + 1, true)
    view.setBigUint64(at + 8, BigInt(size), true)
    content.fill(0x61, at + 16, at + 16 + size)
    at += 16 + Math.ceil(size / 8) * 8
  }
  return content
}
