// What a walk does with the leaves that it has come to: added to the output that their tree is for, or their numbers written down.
import { bytesOf, typeOf } from './number-types.ts'
import type { WalkSpec } from './walk-spec.ts'
import type { Code } from './wasm/code.ts'
import * as wasm from './wasm/code.ts'

/** A sum with one leaf more, rounded to the type of the sum once. */
export function withLeaf({ tables: { layout }, sum }: WalkSpec, before: Code, pointer: number): Code {
  const leaf = wasm.load(`${typeOf(layout.number)}.load`, wasm.get(pointer))
  if (layout.number === sum) return wasm.apply(`${typeOf(sum)}.add`, before, leaf)
  if (sum === 'float64') return wasm.apply('f64.add', before, wasm.apply('f64.promote', leaf))
  return wasm.apply('f32.demote', wasm.apply('f64.add', wasm.apply('f64.promote', before), leaf))
}

/** Outputs of a row at what their sums start with; leaf numbers need no start. */
export function startOutputs({ tables: { leaves }, memory, outputCount, sum }: WalkSpec, output: number): Code {
  if (leaves === 'numbers') return []
  return [...Array(outputCount).keys()].flatMap((k) => {
    const start = wasm.load(`${typeOf(sum)}.load`, wasm.constant(memory.starts + k * bytesOf(sum)))
    return wasm.store(`${typeOf(sum)}.store`, wasm.get(output), start, k * bytesOf(sum))
  })
}

interface Added {
  readonly pointer: number
  readonly output: number
  /** Four times the number of a tree. */
  readonly tree: number
  /** Bytes from there to the tree whose leaf it is, and from `output` to its row. */
  readonly treeAt: number
  readonly outputAt: number
}

/** The leaf of one tree added to the output that it is for, or its number written down. */
export function addLeaf(spec: WalkSpec, { pointer, output, tree, treeAt, outputAt }: Added): Code {
  const { tables, memory, sum, outputCount } = spec
  const type = typeOf(sum)
  if (tables.leaves === 'numbers') {
    const number = typeOf(tables.layout.number)
    const at = wasm.add(wasm.get(output), wasm.get(tree))
    const leaf = wasm.truncate(number, wasm.load(`${number}.load`, wasm.get(pointer)))
    return wasm.store('i32.store', at, leaf, treeAt + outputAt)
  }
  const target = wasm.load('i32.load', wasm.get(tree), memory.targets + treeAt)
  const at = outputCount === 1 ? wasm.get(output) : wasm.add(wasm.get(output), target)
  return wasm.store(`${type}.store`, at, withLeaf(spec, wasm.load(`${type}.load`, at, outputAt), pointer), outputAt)
}
