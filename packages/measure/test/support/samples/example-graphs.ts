// Small graphs and flags, written as literals for the tests of this folder.
import type { AttributeView, ConstantView, DType, GraphView, NodeView, ValueDeclaration } from '@whyslow/graph/types.ts'
import type { InputFlags } from '../../../src/samples/flags.ts'

export const input = (name: string, dtype: DType, shape: ValueDeclaration['shape']): ValueDeclaration => ({
  name,
  kind: 'tensor',
  dtype,
  shape,
})
export const node = (
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeView>> = {},
  subgraphs: NodeView['subgraphs'] = {},
): NodeView => ({ name: outputs[0] ?? opType, opType, domain: '', inputs, outputs, attributes, subgraphs })
export const graphOf = (
  inputs: readonly ValueDeclaration[],
  nodes: readonly NodeView[] = [],
  constants: Readonly<Record<string, readonly number[] | { shape: readonly number[]; values: readonly number[] }>> = {},
): GraphView => ({
  name: 'g',
  nodes,
  inputs,
  outputs: [],
  types: {},
  constants: Object.fromEntries(
    Object.entries(constants).map(([name, given]): [string, ConstantView] => {
      const { shape, values } = 'shape' in given ? given : { shape: given, values: undefined }
      const base = { name, dtype: values ? ('int64' as const) : ('float32' as const), shape, sizeBytes: 0 }
      return [name, { ...base, from: 'initializer', isGraphInput: false, ...(values ? { values } : {}) }]
    }),
  ),
})
export const flagsOf = (given: {
  shape?: readonly string[]
  value?: readonly string[]
  batch?: number
  limitBytes?: number
}): InputFlags => ({
  shapes: new Map((given.shape ?? []).map(cut).map(([name, sizes]) => [name, sizes === '' ? [] : sizes.split('x').map(Number)])),
  values: new Map((given.value ?? []).map(cut)),
  batch: given.batch ?? null,
  ...(given.limitBytes === undefined ? {} : { limitBytes: given.limitBytes }),
})

/** 'name=what' apart; '' for a name that is left out. */
function cut(text: string): readonly [name: string, what: string] {
  const at = text.lastIndexOf('=')
  return [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
}
