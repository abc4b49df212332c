// What a group holds: names, and where each object's header lies. Links that leave the file, or lead elsewhere in it by a path, are refused.
// https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (III.A.1, III.B, III.D, IV.A.2.g)
import { readHeapObjects } from './fractal-heap.ts'
import { type Hdf5Bytes, UNDEFINED } from './hdf5-bytes.ts'
import { MESSAGE, type Message } from './object-header.ts'

/** Addresses of objects by name, in the order of the file (by name, mostly). */
export function readLinks(file: Hdf5Bytes, messages: readonly Message[]): Map<string, number> {
  const links = new Map<string, number>()
  for (const { type, at } of messages) {
    if (type === MESSAGE.symbolTable) readSymbols(file, at, links)
    if (type === MESSAGE.link) readLink(file, at, links)
    if (type === MESSAGE.linkInfo) {
      const heap = at + 2 + ((file.u8(at + 1) & 1) !== 0 ? 8 : 0)
      for (const object of readHeapObjects(file, file.u64(heap), file.u64(heap + 8))) readLink(file, object.at, links)
    }
  }
  return links
}

/** Symbol tables of a group: a B-tree (version 1) whose leaves list names and addresses. */
function readSymbols(file: Hdf5Bytes, at: number, links: Map<string, number>): void {
  const heap = file.u64(at + 8)
  file.signature(heap, 'HEAP')
  const [namesBytes, names] = [file.u64(heap + 8), file.u64(heap + 24)]
  file.slice(names, namesBytes)
  for (const leaf of leavesOf(file, file.u64(at), { type: 0, keyBytes: () => 8 })) {
    file.signature(leaf.at, 'SNOD')
    const count = file.u16(leaf.at + 6)
    for (let entry = leaf.at + 8; entry < leaf.at + 8 + 40 * count; entry += 40) {
      const name = textAt(file, names + file.u64(entry), names + namesBytes)
      file.spend(name.length, 'a link', 1)
      if (file.u32(entry + 16) === SOFT_LINK) throw indirect(file, name)
      links.set(name, file.u64(entry + 8))
    }
  }
}

const SOFT_LINK = 2

function textAt(file: Hdf5Bytes, start: number, limit: number): string {
  const end = file.bytes.indexOf(0, start)
  if (!(start >= 0) || end < 0 || end >= limit) throw file.damaged(start, 'a name without an end')
  return file.text(start, end - start)
}

function readLink(file: Hdf5Bytes, at: number, links: Map<string, number>): void {
  const flags = file.u8(at + 1)
  const typed = (flags & 8) !== 0
  const width = 1 << (flags & 3)
  const sizeAt = at + 2 + (typed ? 1 : 0) + ((flags & 4) !== 0 ? 8 : 0) + ((flags & 0x10) !== 0 ? 1 : 0)
  const sizeBytes = file.unsigned(sizeAt, width)
  file.spend(sizeBytes, 'a link', 1)
  const name = file.text(sizeAt + width, sizeBytes)
  if (typed && file.u8(at + 2) !== 0) throw indirect(file, name)
  links.set(name, file.u64(sizeAt + width + sizeBytes))
}

function indirect(file: Hdf5Bytes, name: string) {
  return file.refused(`has a link '${name}' to another path or file, which is not followed`, 'save the model again with Keras')
}

export interface TreeForm {
  /** 0: of groups, 1: of chunks. */
  readonly type: number
  readonly keyBytes: (at: number) => number
}

/** A child of the lowest level, and where the key before it lies. */
export interface TreeLeaf {
  readonly key: number
  readonly at: number
}

/** Children of the lowest level of a B-tree (version 1), in order; a tree that meets itself is damage. */
export function* leavesOf(file: Hdf5Bytes, root: number, { type, keyBytes }: TreeForm): Generator<TreeLeaf> {
  if (root === UNDEFINED) return
  const seen = new Set<number>()
  const open: { readonly at: number; readonly level: number | undefined }[] = [{ at: root, level: undefined }]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { at } = node
    if (seen.has(at)) throw file.damaged(at, 'a tree that meets itself')
    seen.add(at)
    file.signature(at, 'TREE')
    const [level, count] = [file.u8(at + 5), file.u16(at + 6)]
    if (file.u8(at + 4) !== type || (node.level !== undefined && level !== node.level))
      throw file.damaged(at, 'a tree of another kind')
    const children: TreeLeaf[] = []
    let next = at + 24
    for (let k = 0; k < count; k++) {
      const width = keyBytes(next)
      children.push({ key: next, at: file.u64(next + width) })
      next += width + 8
    }
    if (level === 0) yield* children
    else for (const child of children.reverse()) open.push({ at: child.at, level: level - 1 })
  }
}
