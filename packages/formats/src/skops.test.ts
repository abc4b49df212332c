import { checkFormat } from '../test/support/check-format.ts'
import { checkTabular } from '../test/support/check-tabular.ts'
import { readSkops } from './skops.ts'

checkTabular(readSkops, {
  maker: 'skops',
  // Products of vectors: NumPy leaves their order to BLAS. Isolation forests keep no margin: it is the logarithm of what they give.
  loose: (file) => (/forest|tree|boosting|passed/.test(file) && !/isolation|calibrated/.test(file) ? undefined : 1e-12),
})

checkFormat(readSkops, {
  format: 'skops',
  reads: [
    {
      file: '../formats/skops/1.9-random-forest.skops',
      inputs: { input: 'float32 batchx6' },
      outputs: { prediction: 'float64 batchx3', margin: 'float64 batchx3', label: 'string batch' },
      operators: 'Cast TreeEnsembleRegressor Cast Div ArgMax Gather Identity'.split(' '),
      copies: 'numbers are put in order',
    },
    {
      file: '../formats/skops/1.9-scaled-logistic-regression.skops',
      inputs: { input: 'float64 batchx6' },
      outputs: { prediction: 'float64 batchx2', margin: 'float64 batchx1', label: 'int64 batch' },
      operators: 'Sub Div Gemm Neg Exp Add Div Sub Concat Gather Greater Cast'.split(' '),
      copies: 'numbers are put in order',
    },
  ],
  refuses: [
    {
      file: '../formats/skops/refused-nearest-neighbours.skops',
      message: /KNeighborsClassifier is not read; convert the model with skl2onnx/,
    },
    {
      // Its decision function is calibrated, which is not its margin for every last model.
      file: '../formats/skops/refused-calibrated-stack.skops',
      message: /CalibratedClassifierCV of StackingClassifier is not read; convert the model with skl2onnx/,
    },
    {
      file: '../formats/skops/refused-own-function.skops',
      message: /FunctionTransformer with a function is not read; convert the model with skl2onnx/,
    },
  ],
})
