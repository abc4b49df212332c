import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts, reasonUnknown } from '../../test/support/operators/check-operator.ts'
import type { AttributeView } from '../types.ts'

type Attributes = Record<string, AttributeView>

// Tree 0: node 0 branches to leaf 1 and node 2, which branches to leaves 3 and 4. Tree 1: node 0 branches to leaves 1 and 2.
const TWO_TREES: Attributes = {
  nodes_treeids: [0, 0, 0, 0, 0, 1, 1, 1],
  nodes_nodeids: [0, 1, 2, 3, 4, 0, 1, 2],
  nodes_modes: ['BRANCH_LEQ', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF'],
  nodes_truenodeids: [1, 0, 3, 0, 0, 1, 0, 0],
  nodes_falsenodeids: [2, 0, 4, 0, 0, 2, 0, 0],
  n_targets: 1,
}
const regressor = (attributes: Attributes, rows = '4x5') => ({
  operator: 'ai.onnx.ml:TreeEnsembleRegressor',
  inputs: [rows],
  outputs: [rows === '5' ? '1x1' : '4x1'],
  attributes,
})

test('the expected way down', () => {
  // tree 0: 1 comparison, and one more half the time: 1.5; tree 1: 1. Two leaves added: 4.5 a row, 4 rows 18.
  // 18 nodes are visited, but there are 8, of 24 B: 192; x 80, y 16
  checkOperator(regressor(TWO_TREES), { macs: 0, simpleOps: 18, bytes: 288, weightBytes: 192, serialSteps: 2 })
  // one row of rank 1: 4.5 nodes
  checkOperator(regressor(TWO_TREES, '5'), { simpleOps: 4.5, weightBytes: 108, serialSteps: 2 })
})

test('a classifier with its transform', () => {
  // 18 comparisons; two classes: 8 scores, sigmoid 2 simple and 2 special each
  checkOperator(
    {
      operator: 'ai.onnx.ml:TreeEnsembleClassifier',
      inputs: ['4x5'],
      outputs: ['int64:4', '4x2'],
      attributes: { ...TWO_TREES, classlabels_int64s: [0, 1], post_transform: 'LOGISTIC' },
    },
    { simpleOps: 34, specialOps: 16 },
  )
})

test('version 5: leaves in a list of their own', () => {
  // the same two trees: inner nodes 0 (true: leaf, false: node 1), 1 (leaves), 2 (leaves); roots 0 and 2
  checkOperator(
    {
      operator: 'ai.onnx.ml:TreeEnsemble',
      inputs: ['4x5'],
      outputs: ['4x1'],
      attributes: {
        n_targets: 1,
        tree_roots: [0, 2],
        nodes_truenodeids: [0, 1, 3],
        nodes_trueleafs: [1, 1, 1],
        nodes_falsenodeids: [1, 2, 4],
        nodes_falseleafs: [0, 1, 1],
      },
    },
    { simpleOps: 18, weightBytes: 192, serialSteps: 2 },
  )
})

test('nodes that are no trees', () => {
  expect(reasonUnknown(regressor({ ...TWO_TREES, nodes_falsenodeids: [2, 0, 2, 0, 0, 2, 0, 0] }))).toContain('not trees')
  expect(reasonUnknown(regressor({ ...TWO_TREES, nodes_falsenodeids: [9, 0, 4, 0, 0, 2, 0, 0] }))).toContain('not there')
  expect(reasonUnknown(regressor({}))).toContain('not all there')
  expect(reasonUnknown(regressor({ ...TWO_TREES, nodes_modes: ['LEAF'] }))).toContain('differ in length')
})

test('there are at least as many features as the last one that a branch looks at', () => {
  expect(
    inputUseFacts({ operator: 'ai.onnx.ml:TreeEnsembleRegressor', inputs: ['?'], attributes: { nodes_featureids: [0, 7, 3] } }),
  ).toEqual({
    axes: [[-1, { meaning: 'features', size: 8 }]],
  })
})
