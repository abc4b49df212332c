import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { tabularOf } from '@whyslow/graph/model.ts'
import { expect, test } from 'vitest'
import { checkFormat } from '../test/support/check-format.ts'
import { checkHostile } from '../test/support/check-hostile.ts'
import { checkTabular } from '../test/support/check-tabular.ts'
import { readLightgbm } from './lightgbm.ts'

checkTabular(readLightgbm, {
  maker: 'lightgbm',
})

checkFormat(readLightgbm, {
  format: 'lightgbm',
  reads: [
    {
      file: '../formats/lightgbm/4.7-zero-as-missing.txt',
      inputs: { input: 'float64 batchx6' },
      outputs: { prediction: 'float64 batchx1', margin: 'float64 batchx1', label: 'int64 batch' },
      operators: 'Gather Abs LessOrEqual Where Concat TreeEnsemble Mul Exp Add Div Gather Greater Cast'.split(' '),
      copies: 'numbers are put in order',
    },
    {
      file: '../formats/lightgbm/4.7-multiclass.txt',
      inputs: { input: 'float64 batchx6' },
      outputs: { prediction: 'float64 batchx3', margin: 'float64 batchx3', label: 'int64 batch' },
      operators: 'TreeEnsemble Softmax ArgMax'.split(' '),
      copies: 'numbers are put in order',
    },
  ],
  refuses: [],
})

checkHostile(readLightgbm, 'lightgbm/4.7-binary.txt', [
  ['a circle', (text) => text.replace(/left_child=\S+/, 'left_child=0'), /comes to node 0 on two ways/],
  ['a child that is not there', (text) => text.replace(/left_child=\S+/, 'left_child=99999'), /leads to node 99999/],
  ['a feature that is not there', (text) => text.replace(/split_feature=\S+/, 'split_feature=77'), /asks for feature 77 of 6/],
  ['NaN for a threshold', (text) => text.replace(/threshold=\S+/, 'threshold=nan'), /compares with NaN/],
  [
    'a billion leaves',
    (text) => text.replace(/num_leaves=\d+/, 'num_leaves=1000000000'),
    /leaf_value has 7 numbers, not 1000000000/,
  ],
  [
    'an objective that nobody knows',
    (text) => text.replace('objective=binary', 'objective=\u001b[31mmystery\u0007'),
    /mystery.*which is not read/,
  ],
  ['its end cut off', (text) => text.slice(0, text.indexOf('Tree=2')), /ends before its 'end of trees'/],
  ['a number that is none', (text) => text.replace(/leaf_value=\S+/, 'leaf_value=0x'), /leaf_value has '0x', no number/],
  [
    'two billion features',
    (text) => text.replace(/max_feature_idx=\d+/, 'max_feature_idx=2147483646'),
    /max_feature_idx is '2147483646', not a number from 0 to 9999999/,
  ],
])

checkHostile(readLightgbm, 'lightgbm/2.1.2-binary.txt', [
  [
    'a tree lost',
    (text) => text.slice(0, text.indexOf('Tree=3')) + text.slice(text.indexOf('feature importances:')),
    /it is cut off/,
  ],
  ['its end cut off', (text) => text.slice(0, text.indexOf('feature importances:')), /it is cut off/],
])

checkHostile(readLightgbm, 'lightgbm/2.2.3-random-forest-of-counts.txt', [
  [
    'leaves that may be scores or predictions',
    (text) => text.replace(/^leaf_value=.*$/gm, (line) => line.replaceAll(/(?<=[= ])-/g, '')),
    /may be scores or predictions/,
  ],
])

test('categories of a DataFrame are told of, since they are given as positions', async () => {
  const fixture = fs.readFileSync(
    path.resolve(import.meta.dirname, '../../../fixtures/formats/lightgbm/4.7-categories.txt'),
    'utf8',
  )
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-lightgbm-'))
  const notesOf = async (lists: string) => {
    const file = path.join(folder, 'model.txt')
    fs.writeFileSync(file, fixture.replace(/pandas_categorical:.*/, `pandas_categorical:${lists}`))
    return tabularOf(await readLightgbm(file))!.notes
  }
  try {
    expect(await notesOf('null')).toEqual([])
    expect(await notesOf('[["a", "b"]]')).toEqual([
      expect.stringMatching(/^its categories came from a DataFrame: give each as its position/),
    ])
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
