// The user's own names as a tree: 'encoder/layer.0/attention/MatMul' is a leaf in three blocks. Names without '/' are split at '.'.
import type { Node } from '../page-data.ts'

/** Deeper than this is no name that a person gave. */
const MOST_DEEP = 12
/** A part of a name is shown, and compared, up to here. */
const MOST_LETTERS = 300

/** The name's parts, outermost first; the last one is the node itself. */
export function pathOf(node: Pick<Node, 'name' | 'origin'>): string[] {
  // An executed node that holds several of the user's stands with the last one of them, which gave its output.
  const name = (node.origin[0] ?? node.name).slice(0, 4 * MOST_LETTERS)
  const separator = name.includes('/') ? '/' : '.'
  const parts = name.split(separator).filter((part) => part !== '')
  if (parts.length === 0) return ['(no name)']
  const kept = parts.length > MOST_DEEP ? [...parts.slice(0, MOST_DEEP - 1), parts.slice(MOST_DEEP - 1).join(separator)] : parts
  return kept.map((part) => part.slice(0, MOST_LETTERS))
}

/** The block that a node is in, up to `depth` names; what stands outside of all is '(top)'. */
export function blockOf(node: Pick<Node, 'name' | 'origin'>, depth = 2): string {
  const inner = pathOf(node).slice(0, -1).slice(0, depth)
  return inner.length === 0 ? '(top)' : inner.join('/')
}

export interface Block {
  readonly name: string
  readonly path: string
  readonly depth: number
  timeMs: number
  many: number
  /** Children in the order in which they first run. */
  readonly children: Block[]
  /** Executed nodes that stand right in it, by their place. */
  readonly nodes: number[]
}

export function blockTree(nodes: readonly Node[]): Block {
  const root: Block = { name: 'the model', path: '', depth: 0, timeMs: 0, many: 0, children: [], nodes: [] }
  const known = new Map<string, Block>([['', root]])
  for (const [index, node] of nodes.entries()) {
    let block = root
    add(root, node)
    for (const part of pathOf(node).slice(0, -1)) {
      const path = `${block.path}/${part}`
      let child = known.get(path)
      if (child === undefined) {
        child = { name: part, path, depth: block.depth + 1, timeMs: 0, many: 0, children: [], nodes: [] }
        known.set(path, child)
        block.children.push(child)
      }
      add(child, node)
      block = child
    }
    block.nodes.push(index)
  }
  return root
}

function add(block: Block, node: Node): void {
  block.timeMs += node.timeMs
  block.many++
}
