// Links and attributes of objects that have many, in files of newer HDF5: a B-tree (version 2) of names, whose records point into a heap.
// https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (III.A.2, III.G)
import { type Hdf5Bytes, UNDEFINED } from './hdf5-bytes.ts'
import type { Message } from './object-header.ts'

/** Each object that the tree at `tree` lists: content of Link or Attribute messages. */
export function readHeapObjects(file: Hdf5Bytes, heap: number, tree: number): Pick<Message, 'at' | 'sizeBytes'>[] {
  if (heap === UNDEFINED || tree === UNDEFINED) return []
  const find = openHeap(file, heap)
  return readRecords(file, tree).map(find)
}

/** Where the heap's ID is in a record of links (after a hash) or of attributes (first), by the tree's type. */
const ID_AT: Readonly<Record<number, number>> = { 5: 4, 8: 0 }

/** Addresses of heap IDs. */
function readRecords(file: Hdf5Bytes, tree: number): number[] {
  file.signature(tree, 'BTHD')
  const [type, nodeBytes, recordBytes, depth] = [file.u8(tree + 5), file.u32(tree + 6), file.u16(tree + 10), file.u16(tree + 12)]
  const [root, rootCount] = [file.u64(tree + 16), file.u16(tree + 24)]
  const idAt = ID_AT[type]
  if (idAt === undefined || recordBytes === 0) throw file.damaged(tree, 'a tree of another kind')
  if (root === UNDEFINED) return []
  if (depth > 0)
    throw file.refused('lists more than some hundred names in one group', "save the model again with Keras' own save")
  if (recordBytes * rootCount > nodeBytes) throw file.damaged(tree, 'a tree larger than itself')
  file.signature(root, 'BTLF')
  file.spend(0, 'a list of names', rootCount)
  return Array.from({ length: rootCount }, (_, k) => root + 6 + k * recordBytes + idAt)
}

/** Finds an object in a heap by the address of its ID. Only objects in direct blocks are known. */
function openHeap(file: Hdf5Bytes, heap: number): (id: number) => Pick<Message, 'at' | 'sizeBytes'> {
  file.signature(heap, 'FRHP')
  if (file.u16(heap + 7) !== 0) throw file.refused('compresses its list of names', 'save the model again with Keras')
  const largest = file.u32(heap + 10)
  const [width, startBytes, directBytes] = [file.u16(heap + 110), file.u64(heap + 112), file.u64(heap + 120)]
  const [bits, root, rows] = [file.u16(heap + 128), file.u64(heap + 132), file.u16(heap + 140)]
  const offsetBytes = Math.ceil(bits / 8)
  const lengthBytes = Math.ceil((Math.floor(Math.log2(Math.max(1, Math.min(directBytes, largest)))) + 1) / 8)
  if (offsetBytes > 8 || lengthBytes > 8) throw file.damaged(heap, 'a heap beyond the file')
  const blocks = rows === 0 ? [{ at: root, from: 0, sizeBytes: startBytes }] : directBlocks()

  function directBlocks() {
    file.signature(root, 'FHIB')
    const found: { at: number; from: number; sizeBytes: number }[] = []
    let from = 0
    let next = root + 5 + 8 + offsetBytes
    for (let row = 0; row < rows; row++) {
      const sizeBytes = startBytes * 2 ** Math.max(0, row - 1)
      if (sizeBytes > directBytes) throw file.refused('has a list of names too long to read', 'save the model again with Keras')
      for (let column = 0; column < width; column++, from += sizeBytes, next += 8)
        found.push({ at: file.u64(next), from, sizeBytes })
      file.spend(0, 'a heap of names', width)
    }
    return found
  }

  return (id) => {
    if (((file.u8(id) >> 4) & 3) !== 0) throw file.refused('has names too long to read', 'save the model again with Keras')
    const offset = little(file, id + 1, offsetBytes)
    const sizeBytes = little(file, id + 1 + offsetBytes, lengthBytes)
    const block = lastFrom(blocks, offset)
    if (block === undefined || block.at === UNDEFINED || offset + sizeBytes > block.from + block.sizeBytes)
      throw file.damaged(id, 'a name that is nowhere')
    file.signature(block.at, 'FHDB')
    const at = block.at + offset - block.from
    file.slice(at, sizeBytes)
    return { at, sizeBytes }
  }
}

/** The last of the blocks, which ascend, that begins at `offset` or before. */
function lastFrom<Block extends { readonly from: number }>(blocks: readonly Block[], offset: number): Block | undefined {
  let [low, high] = [0, blocks.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (blocks[middle]!.from <= offset) low = middle + 1
    else high = middle
  }
  return blocks[low - 1]
}

function little(file: Hdf5Bytes, at: number, sizeBytes: number): number {
  return Array.from({ length: sizeBytes }, (_, k) => file.u8(at + k) * 256 ** k).reduce((sum, part) => sum + part, 0)
}
