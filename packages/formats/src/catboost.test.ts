import { checkFormat } from '../test/support/check-format.ts'
import { checkHostile } from '../test/support/check-hostile.ts'
import { checkTabular } from '../test/support/check-tabular.ts'
import { readCatboost } from './catboost.ts'

checkTabular(readCatboost, {
  maker: 'catboost',
})

checkFormat(readCatboost, {
  format: 'catboost',
  reads: [
    {
      file: '../formats/catboost/logloss.json',
      inputs: { input: 'float32 batchx6' },
      outputs: { prediction: 'float64 batchx2', margin: 'float64 batchx1', label: 'int64 batch' },
      operators: 'Cast TreeEnsemble Neg Exp Add Div Sub Concat Gather Greater Cast'.split(' '),
      copies: 'numbers are put in order',
    },
    {
      file: '../formats/catboost/named-classes.json',
      inputs: { input: 'float32 batchx6' },
      outputs: { prediction: 'float64 batchx3', margin: 'float64 batchx3', label: 'string batch' },
      operators: 'Cast TreeEnsembleRegressor Cast Softmax ArgMax Gather'.split(' '),
      copies: 'numbers are put in order',
    },
  ],
  refuses: [
    { file: '../formats/catboost/refused-counters.json', message: /has categorical features, which are not read/ },
    { file: '../formats/catboost/refused-one-hot.json', message: /has categorical features, which are not read/ },
  ],
})

checkHostile(readCatboost, 'catboost/logloss.json', [
  [
    'a feature that is not there',
    (text) => text.replace(/"float_feature_index": \d+/, '"float_feature_index": 99'),
    /asks for a feature that is not there/,
  ],
  ['too few leaves', (text) => text.replace(/"leaf_values": \[[^,]*,/, '"leaf_values": ['), /has 7 values for 8 leaves/],
  ['no border', (text) => text.replace(/"border": [-\d.e]+/, '"border": NaN'), /border is missing/],
  ['a split of another kind', (text) => text.replace('"FloatFeature"', '"OnlineCtr\\u0007"'), /a split of the kind OnlineCtr/],
  [
    'a text feature',
    (text) => text.replace('"float_features"', '"text_features": [{}], "float_features"'),
    /has text features, which are not read/,
  ],
])
