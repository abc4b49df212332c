// What nodes are called before the reader: by the names in their own model, not by the engine's after fusion.
import type { ReportNode } from '../documents/report.ts'
import { cells, fitsWidth, printable, shorten } from './wrap.ts'

type Node = ReportNode

/** The user's nodes in an executed node, in at most `width` cells: 'conv1 + relu1', 'conv1 + 2 more', the engine's name where no origin is known. */
export function nodeName(node: Pick<Node, 'name' | 'origin'>, width: number): string {
  const [first, ...others] = node.origin.map(printable)
  if (first === undefined) return shorten(printable(node.name), width)
  const whole = [first, ...others].join(' + ')
  if (others.length === 0 || fitsWidth(whole, width)) return shorten(whole, width)
  const tail = ` + ${others.length} more`
  return shorten(first, Math.max(8, width - cells(tail))) + tail
}

/** Up to `most` names of executed nodes as the user knows them, without repetition: 'a, b and 4 more'. */
export function nodeList(names: readonly string[], nodes: readonly Node[], most = 3): string {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const known = names.map((name) => nodeName(byName.get(name) ?? { name, origin: [] }, 40))
  const unique = [...new Set(known)]
  const shown = unique.slice(0, most).join(', ')
  return unique.length > most ? `${shown} and ${unique.length - most} more` : shown
}
