// Branches of an If whose condition follows from the model alone: from the rank or a fixed size of a value, or a constant. Exporters write
// them where their language asked for a shape. The engine starts a subgraph for each, fuses nothing across its border, and knows no shape
// behind it. https://onnx.ai/onnx/operators/onnx__If.html
import type { GraphProto, NodeProto } from 'onnx-buf'
import { node as nodeOf } from '../build.ts'
import { copyWith } from '../copy.ts'
import { readOther } from '../edit.ts'
import type { Model } from '../model.ts'
import { definedIn, holdersOf } from '../walk.ts'
import { rewriteToTheEnd } from './bypass.ts'
import { isOperator, type Matching, type Replacement } from './match.ts'

/** The nodes of each such branch in place of its If; undefined if there is none. */
export function withKnownBranches(
  model: Model,
): { readonly model: Model; readonly replaced: readonly Replacement[] } | undefined {
  return rewriteToTheEnd(model, (matching, fresh) => {
    const ifs = matching.graph.node.filter((one) => isOperator(one, 'If'))
    if (ifs.length === 0) return []
    const shared = namesGivenTwice(matching.model)
    return ifs.flatMap((one) => {
      const branch = takenBranch(matching, one)
      return branch === undefined ? [] : [inline(one, branch, { shared, fresh })]
    })
  })
}

function takenBranch({ sizes }: Matching, one: NodeProto): GraphProto | undefined {
  const [truth, ...others] = sizes(one.input[0]) ?? []
  if (typeof truth !== 'number' || others.length > 0) return undefined
  const taken = one.attribute.find(({ name }) => name === (truth === 0 ? 'else_branch' : 'then_branch'))?.g
  return taken === undefined || taken.sparseInitializer.length > 0 ? undefined : taken
}

/** Values and nodes of branches side by side may be called the same, those of one graph may not. */
function namesGivenTwice(model: Model): ReadonlySet<string> {
  const [once, twice] = [new Set<string>(), new Set<string>()]
  const add = (name: string) => (once.has(name) ? twice : once).add(name)
  for (const holder of holdersOf(model.proto)) {
    for (const name of definedIn(holder)) add(name)
    for (const name of new Set(holder.node.map(({ name }) => `node ${name}`))) add(name)
  }
  return twice
}

interface Naming {
  readonly shared: ReadonlySet<string>
  readonly fresh: (hint: string) => string
}

function inline(holder: NodeProto, branch: GraphProto, { shared, fresh }: Naming): Replacement {
  const names = new Map([...definedIn(branch)].map((name) => [name, shared.has(name) ? fresh(name) : name]))
  const read = new Map([...names].filter(([from, to]) => from !== to))
  const nodes = branch.node.map((one) => {
    const name = one.name !== '' && shared.has(`node ${one.name}`) ? fresh(one.name) : one.name
    const output = one.output.map((value) => names.get(value) ?? value)
    return copyWith(read.size === 0 ? one : readOther(one, read), { name, output })
  })
  const given = branch.output.flatMap(({ name }, k) => {
    const output = holder.output[k] ?? ''
    const identity = { opType: 'Identity', name: fresh(`${output}_given`) }
    return output === '' ? [] : [nodeOf(identity, [names.get(name) ?? name], [output])]
  })
  return {
    parts: [holder],
    remove: new Set([holder]),
    add: [...nodes, ...given],
    addInitializers: branch.initializer.map((tensor) => copyWith(tensor, { name: names.get(tensor.name)! })),
  }
}
