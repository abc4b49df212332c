import { floatTensor, graph, int64Tensor, type ModelParts, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { knownBranches } from './known-branches.ts'

const constants = [
  int64Tensor('one', [], [1]),
  int64Tensor('three', [], [3]),
  int64Tensor('first', [], [0]),
  int64Tensor('second', [], [1]),
  rawTensor('yes', 'bool', [], new Uint8Array([1])),
]
const branch = (opType: string, reads = 'x') =>
  graph({ nodes: [node({ opType, name: 'inside' }, [reads], ['b'])], outputs: [valueInfo('b', 'float32')] })
/** Neg where it holds, Abs where not. */
const choice = (condition: string, y = 'y') =>
  node({ opType: 'If', name: `if_${y}` }, [condition], [y], { then_branch: branch('Neg'), else_branch: branch('Abs') })

const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['batch', 1, 4])],
    outputs: [valueInfo('y', 'float32')],
    initializers: constants,
    ...rest,
  })

const sizeAt = (index: string) => [node('Shape', ['x'], ['s']), node('Gather', ['s', index], ['n'])]
const rank = [node('Shape', ['x'], ['s']), node('Size', ['s'], ['r'])]

checkRemedy(knownBranches, {
  applies: [
    {
      name: 'a size that the model fixes is asked for',
      model: make([...sizeAt('second'), node('Equal', ['n', 'one'], ['c']), choice('c')]),
      operators: ['Neg', 'Identity'],
      changes: /^1 If replaced by the branch that is always taken$/,
    },
    {
      name: 'the rank is asked for, and the answer turned round',
      model: make([...rank, node('Equal', ['r', 'three'], ['e']), node('Not', ['e'], ['c']), choice('c')]),
      operators: ['Abs', 'Identity'],
    },
    {
      name: 'a number as condition, and more than one',
      model: make([
        ...sizeAt('second'),
        node('Cast', ['n'], ['known'], { to: 9 }),
        node('Less', ['n', 'three'], ['less']),
        node('And', ['known', 'less'], ['c']),
        choice('c'),
      ]),
      operators: ['Neg', 'Identity'],
    },
    {
      name: 'two side by side with the same names in them, one of which is asked for a free size',
      model: make(
        [
          ...sizeAt('first'),
          node('Equal', ['n', 'one'], ['open']),
          choice('open', 'z'),
          choice('yes'),
          node('Gather', ['s', 'second'], ['m']),
          node('Equal', ['m', 'three'], ['c']),
          choice('c', 'w'),
        ],
        { outputs: ['y', 'z', 'w'].map((name) => valueInfo(name, 'float32')) },
      ),
      check: ({ setup }) => {
        const operators = viewGraph(setup.model).nodes.map(({ opType }) => opType)
        expect(operators.filter((one) => ['If', 'Neg', 'Abs'].includes(one)).sort()).toEqual(['Abs', 'If', 'Neg'])
      },
    },
    {
      name: 'within a branch that is open, and again within what is taken',
      model: make([
        ...sizeAt('first'),
        node('Equal', ['n', 'one'], ['open']),
        node('If', ['open'], ['y'], {
          then_branch: graph({
            nodes: [
              node('If', ['yes'], ['t'], {
                then_branch: graph({
                  nodes: [
                    node('Squeeze', ['x', 'axis'], ['d']),
                    node('Shape', ['d'], ['ds']),
                    node('Size', ['ds'], ['dr']),
                    node('Equal', ['dr', 'three'], ['dc']),
                    node('If', ['dc'], ['i'], { then_branch: branch('Neg', 'd'), else_branch: branch('Abs', 'd') }),
                  ],
                  outputs: [valueInfo('i', 'float32')],
                  initializers: [int64Tensor('axis', [1], [1])],
                }),
                else_branch: branch('Neg'),
              }),
            ],
            outputs: [valueInfo('t', 'float32')],
          }),
          else_branch: branch('Exp'),
        }),
      ]),
      sizes: { batch: 1 },
      operators: ['Shape', 'Gather', 'Equal', 'If'],
      changes: /^2 Ifs /,
      check: ({ setup }) => {
        const [asked] = viewGraph(setup.model).nodes.filter(({ opType }) => opType === 'If')
        expect(asked!.subgraphs.then_branch!.nodes.map(({ opType }) => opType)).toEqual([
          'Squeeze',
          'Abs',
          'Identity',
          'Identity',
        ])
      },
    },
    {
      name: 'with weights of its own, two results of which one is not read',
      model: make([
        node('If', ['yes'], ['unread', 'y'], {
          then_branch: graph({
            nodes: [node('Neg', ['x'], ['p']), node('Mul', ['x', 'w'], ['q'])],
            outputs: [valueInfo('p', 'float32'), valueInfo('q', 'float32')],
            initializers: [floatTensor('w', [4], [1, 2, 3, 4])],
          }),
          else_branch: graph({
            nodes: [node('Neg', ['x'], ['p']), node('Neg', ['x'], ['q'])],
            outputs: [valueInfo('p', 'float32'), valueInfo('q', 'float32')],
          }),
        }),
      ]),
      operators: ['Mul', 'Identity'],
    },
    {
      name: 'of what the profile shows, the If without its branch is saved',
      model: make([...rank, node('Equal', ['r', 'three'], ['c']), choice('c')]),
      profiled: true,
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBe(1),
    },
  ],
  leaves: [
    { name: 'a free size', model: make([...sizeAt('first'), node('Equal', ['n', 'one'], ['c']), choice('c')]) },
    {
      name: 'the condition is an input',
      model: make([choice('c')], { inputs: [valueInfo('x', 'float32', ['batch', 1, 4]), valueInfo('c', 'bool', [])] }),
    },
    {
      name: 'the number comes in',
      model: make([node('Equal', ['n', 'one'], ['c']), choice('c')], {
        inputs: [valueInfo('x', 'float32', ['batch', 1, 4]), valueInfo('n', 'int64', [])],
      }),
    },
    {
      name: 'the condition can be overridden by the caller',
      model: make([choice('yes')], {
        irVersion: 4,
        inputs: [
          valueInfo('x', 'float32', ['batch', 1, 4]),
          ...constants.map(({ name, dataType }) => valueInfo(name, dataType === 9 ? 'bool' : 'int64', [])),
        ],
      }),
    },
    { name: 'no If', model: make([node('Neg', ['x'], ['y'])]) },
  ],
})
