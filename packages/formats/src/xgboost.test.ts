import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { tabularOf } from '@whyslow/graph/model.ts'
import { expect, test } from 'vitest'
import { checkFormat } from '../test/support/check-format.ts'
import { checkHostile } from '../test/support/check-hostile.ts'
import { checkTabular } from '../test/support/check-tabular.ts'
import { readModel } from './index.ts'
import { readXgboost } from './xgboost.ts'

checkTabular(readXgboost, {
  maker: 'xgboost',
})

checkFormat(readXgboost, {
  format: 'xgboost',
  reads: [
    {
      file: '../formats/xgboost/3.2-binary.json',
      inputs: { input: 'float32 batchx6' },
      outputs: { prediction: 'float32 batchx1', margin: 'float32 batchx1', label: 'int64 batch' },
      operators: 'TreeEnsembleRegressor Neg Min Exp Add Div Gather Greater Cast'.split(' '),
      copies: 'numbers are put in order',
    },
    {
      file: '../formats/xgboost/3.2-categories.ubj',
      inputs: { input: 'float32 batchx6' },
      outputs: { prediction: 'float32 batchx1', margin: 'float32 batchx1' },
      operators: 'Gather Abs Floor Less GreaterOrEqual Or Where Concat TreeEnsemble Identity'.split(' '),
      copies: 'numbers are put in order',
    },
    {
      file: '../formats/xgboost/1.7-binary.bin',
      inputs: { input: 'float32 batchx6' },
      outputs: { prediction: 'float32 batchx1', margin: 'float32 batchx1', label: 'int64 batch' },
      operators: 'TreeEnsembleRegressor Neg Min Exp Add Div Gather Greater Cast'.split(' '),
      copies: 'numbers are put in order',
    },
    {
      file: '../formats/xgboost/3.2-gblinear.json',
      inputs: { input: 'float32 batchx6' },
      outputs: { prediction: 'float32 batchx1', margin: 'float32 batchx1', label: 'int64 batch' },
      operators: 'IsNaN Where Gemm Neg Min Exp Add Div Gather Greater Cast'.split(' '),
      copies: 'numbers are put in order',
    },
  ],
  refuses: [],
})

checkHostile(readXgboost, 'xgboost/3.2-binary.json', [
  ['a circle', (text) => text.replace(/"left_children":\[\d+/, '"left_children":[0'), /comes to node 0 on two ways/],
  [
    'a child that is not there',
    (text) => text.replace(/"right_children":\[\d+/, '"right_children":[99999'),
    /leads to node 99999/,
  ],
  [
    'a feature that is not there',
    (text) => text.replace(/"split_indices":\[\d+/, '"split_indices":[77'),
    /asks for feature 77 of 6/,
  ],
  [
    'two billion features',
    (text) => text.replaceAll(/"num_feature":"\d+"/g, '"num_feature":"2147483646"'),
    /num_feature is 2147483646, not a number from 0 to 10000000/,
  ],
  ['NaN for a threshold', (text) => text.replace(/"split_conditions":\[[^,]+/, '"split_conditions":[NaN'), /compares with NaN/],
  ['a billion trees', (text) => text.replace(/"id":0,/, '"id":1000000000,'), /tree\.?.*id is 1000000000|tree 1000000000/],
  [
    'an objective that nobody knows',
    (text) => text.replace('"name":"binary:logistic"', '"name":"\\u001b[31mmystery\\u0007"'),
    /mystery.*which is not read/,
  ],
  [
    'a booster that nobody knows',
    (text) => text.replace('"name":"gbtree"', '"name":"gbforest"'),
    /booster 'gbforest', which is not read/,
  ],
  [
    'a base score for other outputs',
    (text) => text.replace(/"base_score":"[^"]*"/, '"base_score":"[0.5,0.5]"'),
    /base_score \[0.5,0.5\] is none for 1 outputs/,
  ],
  [
    'arrays of other lengths',
    (text) => text.replace(/"default_left":\[\d,/, '"default_left":['),
    /default_left has \d+ numbers for \d+ nodes/,
  ],
  ['a tree of an output that is not there', (text) => text.replace('"tree_info":[0', '"tree_info":[5'), /adds to output 5 of 1/],
  ['its end cut off', (text) => text.slice(0, -100), /is not valid JSON/],
])

const FIXTURES = path.resolve(import.meta.dirname, '../../../fixtures/formats/xgboost')

/** Notes on a fixture whose text was changed. */
async function notesOfChanged(fixture: string, change: (text: string) => string): Promise<readonly string[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-xgboost-'))
  try {
    const file = path.join(folder, 'model.json')
    fs.writeFileSync(file, change(fs.readFileSync(path.join(FIXTURES, fixture), 'utf8')))
    return tabularOf(await readXgboost(file))!.notes
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

test('the best iteration is followed as the one who saved the file does, and that is told', async () => {
  const asItIs = (text: string) => text
  expect(await notesOfChanged('3.2-stopped-wrapper.json', asItIs)).toEqual([
    expect.stringMatching(/^only the first 6 of 15 trees count/),
  ])
  const earlier = (text: string) => text.replace('"best_iteration":"29"', '"best_iteration":"9"')
  expect(await notesOfChanged('3.2-stopped.json', earlier)).toEqual([
    expect.stringMatching(/^all 30 trees count, as in Booster\.predict, though the best iteration \(9\) ends after 10/),
  ])
  expect(await notesOfChanged('3.2-stopped.json', asItIs)).toEqual([])
})

test('categories of a DataFrame are told of, since they are given as positions', async () => {
  const frame = (text: string) => text.replace('"enc":[]', '"enc":[{"offsets":[0,1],"values":[120]}]')
  expect(await notesOfChanged('3.2-categories-one-hot.json', frame)).toEqual([
    expect.stringMatching(/^its categories came from a DataFrame/),
  ])
})

test.each(['2.1', '3.0', '3.1', '3.2', '3.4'])(
  'a file of XGBoost %s is known by its bytes, whatever it is called',
  async (version) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-xgboost-'))
    try {
      const [original, renamed] = [path.join(FIXTURES, `${version}-binary.ubj`), path.join(folder, 'binary.model')]
      fs.copyFileSync(original, renamed)
      expect(tabularOf(await readModel(renamed))).toEqual(tabularOf(await readXgboost(original)))
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  },
)
