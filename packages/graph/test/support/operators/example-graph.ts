// Graphs in short notation for tests of what their nodes ask of the machine.
import type { AttributeView, ConstantView, GraphView, NodeView, TensorType } from '../../../src/types.ts'

export interface Step {
  readonly op: string
  readonly domain?: string
  readonly inputs: Readonly<Record<string, TensorType | null>>
  readonly outputs: Readonly<Record<string, TensorType | null>>
  readonly attributes?: Readonly<Record<string, AttributeView>>
  readonly bodies?: Readonly<Record<string, readonly Step[]>>
}

export const float = (...shape: number[]): TensorType => ({ dtype: 'float32', shape })

/** Values whose name starts with 'w' are constants of the graph they are first used in. */
export function graphOf(steps: readonly Step[], path = ''): GraphView {
  const constants: Record<string, ConstantView> = {}
  const nodes = steps.map((step, i): NodeView => {
    for (const [name, type] of Object.entries(step.inputs)) {
      if (name.startsWith('w') && type)
        constants[name] = { ...type, name, sizeBytes: 0, from: 'initializer', isGraphInput: false }
    }
    const bodies = Object.entries(step.bodies ?? {})
    return {
      name: `${path}${i}`,
      opType: step.op,
      domain: step.domain ?? '',
      inputs: Object.keys(step.inputs),
      outputs: Object.keys(step.outputs),
      attributes: step.attributes ?? {},
      subgraphs: Object.fromEntries(bodies.map(([name, body]) => [name, graphOf(body, `${path}${i}/${name}/`)])),
    }
  })
  return { name: 'g', nodes, inputs: [], outputs: [], constants, types: {} }
}
