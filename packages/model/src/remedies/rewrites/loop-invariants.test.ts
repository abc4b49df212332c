import { floatTensor, graph, int64Tensor, type ModelParts, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { loopInvariants } from './loop-invariants.ts'

/** The state times a weight in each round; what the body gives for the weight, and beside it, is the case's. */
interface Given {
  readonly given?: string
  readonly extra?: ModelParts['nodes']
  readonly body?: Partial<Parameters<typeof graph>[0]>
  readonly scans?: readonly string[]
  readonly rounds?: number
  readonly outer?: string
}

const types = { state: valueInfo('state', 'float32', [1, 2]), weight: valueInfo('weight', 'float32', [2, 2]) }

const body = ({ given = 'weight', extra = [], body: rest = {}, scans = [] }: Given) =>
  graph({
    inputs: [valueInfo('round', 'int64', []), valueInfo('on', 'bool', []), types.state, types.weight],
    nodes: [
      node('MatMul', ['state', 'weight'], ['product']),
      node('Tanh', ['product'], ['next']),
      node('Identity', ['on'], ['still']),
      ...extra,
    ],
    outputs: [
      valueInfo('still', 'bool', []),
      valueInfo('next', 'float32', [1, 2]),
      valueInfo(given, 'float32', [2, 2]),
      ...scans.map((name) => valueInfo(name, 'float32')),
    ],
    ...rest,
  })

const make = (given: Given = {}, tail: ModelParts['nodes'] = []) =>
  model({
    nodes: [
      node(
        { opType: 'Loop', name: 'loop' },
        ['rounds', 'yes', 'x', given.outer ?? 'w'],
        ['last', 'after', ...(given.scans ?? []).map((name) => `all_${name}`)],
        {
          body: body(given),
        },
      ),
      ...(tail.length > 0 ? tail : [node('Identity', ['last'], ['y'])]),
    ],
    inputs: [valueInfo('x', 'float32', [1, 2])],
    outputs: [valueInfo('y', 'float32')],
    initializers: [
      int64Tensor('rounds', [], [given.rounds ?? 3]),
      rawTensor('yes', 'bool', [], new Uint8Array([1])),
      floatTensor('w', [2, 2], [0.5, -1, 0.25, 0.75]),
    ],
  })

const both = [node('ReduceSum', ['after'], ['total']), node('Add', ['last', 'total'], ['y'])]

checkRemedy(loopInvariants, {
  applies: [
    {
      name: 'a weight that is handed on as it came',
      model: make(),
      operators: ['Loop', 'Identity'],
      changes: /^1 variable of 1 Loop that never change read from outside$/,
    },
    {
      name: 'through a copy, which goes with it',
      model: make({ given: 'copy', extra: [node('Identity', ['weight'], ['copy'])] }),
      operators: ['Loop', 'Identity'],
    },
    {
      name: 'its last value is read behind the loop, which never runs',
      model: make({ rounds: 0 }, both),
      operators: ['Loop', 'Identity', 'ReduceSum', 'Add'],
    },
    {
      name: 'it is read within a branch of the body, and computed with for what each round gives',
      model: make({
        extra: [
          node('If', ['on'], ['chosen'], {
            then_branch: graph({
              nodes: [node('Neg', ['weight'], ['inside'])],
              outputs: [valueInfo('inside', 'float32')],
            }),
            else_branch: graph({
              nodes: [node('Abs', ['weight'], ['within'])],
              outputs: [valueInfo('within', 'float32')],
            }),
          }),
        ],
        scans: ['chosen'],
      }),
      operators: ['Loop', 'Identity'],
    },
  ],
  leaves: [
    { name: 'the weight changes', model: make({ given: 'double', extra: [node('Add', ['weight', 'weight'], ['double'])] }) },
    { name: 'each round gives it beside', model: make({ scans: ['weight'] }) },
  ],
})
