// How an operator family is written: a table from operator to formula, where a formula first says which types it cannot do without.
import type { TensorType } from '../types.ts'
import type { CostResult, Int8Kernel, NodeContext, OperatorFamily } from './types.ts'
import { costOf, unknownCost, type Work } from './work.ts'

export type Formula = (context: NodeContext) => CostResult

type Types<Indices extends readonly number[]> = { readonly [K in keyof Indices]: TensorType }

/**
 * A formula over the types of the inputs and outputs at these indices. Where one of them is not known, the cost is not known.
 * `work` returns the counts, or one line that says why there are none.
 */
export function formula<const Inputs extends readonly number[], const Outputs extends readonly number[]>(
  inputs: Inputs,
  outputs: Outputs,
  work: (inputs: Types<Inputs>, outputs: Types<Outputs>, context: NodeContext) => Work | string,
): Formula {
  return (context) => {
    const given = pick(context.inputs, inputs)
    if (typeof given === 'number') return unknownCost(`the type of input ${given} of ${described(context)} is not known`)
    const made = pick(context.outputs, outputs)
    if (typeof made === 'number') return unknownCost(`the type of output ${made} of ${described(context)} is not known`)
    const result = work(given as Types<Inputs>, made as Types<Outputs>, context)
    return typeof result === 'string' ? unknownCost(`${described(context)}: ${result}`) : costOf(context, result)
  }
}

/** The types at `indices`, or the first index whose type is missing. */
function pick(types: readonly (TensorType | undefined)[], indices: readonly number[]): TensorType[] | number {
  const picked: TensorType[] = []
  for (const index of indices) {
    const type = types[index]
    if (type === undefined) return index
    picked.push(type)
  }
  return picked
}

function described({ node }: NodeContext): string {
  return `${node.opType} '${node.name}'`
}

/** What is known of operators apart from their cost. */
export type OperatorFacts = Partial<Pick<OperatorFamily, 'reads' | 'int8'>>

/** A family of the operators in `formulas`, whose keys are 'OpType' or 'domain:OpType', as are those of what else is known. */
export function defineFamily(
  id: string,
  { reads = {}, int8 = {} }: OperatorFacts,
  formulas: Readonly<Record<string, Formula>>,
): OperatorFamily {
  const table = new Map(Object.entries(formulas))
  return {
    id,
    operators: [...table.keys()],
    reads,
    int8,
    estimate(context) {
      const key = operatorKey(context.node)
      return table.get(key)?.(context) ?? unknownCost(`${key} is not in the family ${id}`)
    },
  }
}

/** 'OpType' in the default domain ('' or 'ai.onnx'), else 'domain:OpType'. */
export function operatorKey({ domain, opType }: { readonly domain: string; readonly opType: string }): string {
  return domain === '' || domain === 'ai.onnx' ? opType : `${domain}:${opType}`
}

/** One formula, or whatever else is known, under several operators. */
export function sameFor<T>(operators: readonly string[], known: T): Record<string, T> {
  return Object.fromEntries(operators.map((operator) => [operator, known]))
}

/** int8 kernels: products of inputs 0 and 1, moves of input 0, functions of input 0, and of all inputs. */
export const LINEAR: Int8Kernel = { kind: 'linear', data: [0, 1] }
export const MOVES: Int8Kernel = { kind: 'moves', data: [0] }
export const UNARY: Int8Kernel = { kind: 'elementwise', data: [0] }
export const VARIADIC: Int8Kernel = { kind: 'elementwise', data: null }
