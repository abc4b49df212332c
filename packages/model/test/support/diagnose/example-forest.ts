// Trees for tests of rules.
import type { NodeNote } from './example-evidence.ts'

/** One tree: all ways have `full` tests, and behind the last of them a chain of `chain` tests more, each with one leaf. */
export function exampleTree(full: number, chain: number): Omit<NodeNote, 'timeMs'> {
  const isTest: boolean[] = []
  const yes: number[] = []
  const no: number[] = []
  const add = (test: boolean): number => {
    yes.push(0)
    no.push(0)
    return isTest.push(test) - 1
  }
  const grow = (depth: number, isLast: boolean): number => {
    const inChain = isLast && depth < full + chain
    const at = add(depth < full || inChain)
    if (!isTest[at]) return at
    yes[at] = depth < full ? grow(depth + 1, false) : add(false)
    no[at] = grow(depth + 1, isLast)
    return at
  }
  grow(0, true)
  return {
    op: 'TreeEnsembleRegressor',
    domain: 'ai.onnx.ml',
    in: ['x'],
    attributes: {
      nodes_treeids: isTest.map(() => 0),
      nodes_nodeids: isTest.map((_, k) => k),
      nodes_modes: isTest.map((test) => (test ? 'BRANCH_LEQ' : 'LEAF')),
      nodes_truenodeids: yes,
      nodes_falsenodeids: no,
    },
  }
}
