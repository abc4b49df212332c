// All kinds of layers, by the class that a file names. A kind is one object in a file of its family; to add one, write it and list it.
import { activationLayers } from './activation-layers.ts'
import { adaptivePoolings } from './adaptive-pooling.ts'
import { applicationLayers } from './application-layers.ts'
import { additiveAttention, attention } from './attention.ts'
import { bidirectional } from './bidirectional.ts'
import { convLstm, convLstmCell } from './conv-lstm.ts'
import { convolutions } from './convolutions.ts'
import { activationLayer, dense, passThrough } from './core.ts'
import { einsumDense } from './einsum-dense.ts'
import { embedding, masking } from './embedding.ts'
import { images } from './images.ts'
import type { LayerHead, LayerKind } from './layer.ts'
import { lookups } from './lookups.ts'
import { mergeLayers } from './merging.ts'
import { inputLayer, model } from './model.ts'
import { isOperation } from './model-config.ts'
import { multiHeadAttention } from './multi-head-attention.ts'
import { normalizations } from './normalizations.ts'
import { operations, tensorflowFunction } from './operations/index.ts'
import { poolings } from './pooling.ts'
import { preprocessing } from './preprocessing.ts'
import { cudnnGru, cudnnLstm, gru, lstm, rnn, simpleRnn, stackedCells } from './recurrent.ts'
import { gruCell, lstmCell, simpleRnnCell } from './recurrent-cells.ts'
import { reshapings } from './reshaping.ts'
import { wrappers } from './wrappers.ts'

/** keras.layers, of all versions, and what keras.applications brings. */
const LAYERS: readonly LayerKind[] = [
  inputLayer,
  model,
  dense,
  activationLayer,
  passThrough,
  ...activationLayers,
  embedding,
  masking,
  einsumDense,
  attention,
  additiveAttention,
  multiHeadAttention,
  tensorflowFunction,
  ...preprocessing,
  ...lookups,
  simpleRnn,
  gru,
  lstm,
  cudnnGru,
  cudnnLstm,
  rnn,
  bidirectional,
  convLstm,
  simpleRnnCell,
  gruCell,
  lstmCell,
  stackedCells,
  convLstmCell,
  ...convolutions,
  ...poolings,
  ...adaptivePoolings,
  ...normalizations,
  ...reshapings,
  ...images,
  ...mergeLayers,
  ...wrappers,
  ...applicationLayers,
]

/** keras.ops in a functional graph, by the class of the operation: 'Add' takes two arguments here, one list as a layer. */
const OPERATIONS: readonly LayerKind[] = [...operations]

const byClass = (kinds: readonly LayerKind[]): ReadonlyMap<string, LayerKind> =>
  new Map(kinds.flatMap((kind) => kind.classNames.map((name) => [name, kind])))

const LAYER_BY_CLASS = byClass(LAYERS)
const OPERATION_BY_CLASS = byClass(OPERATIONS)

/** Undefined if the class is not known: a layer of someone's own, or one that is not read. */
export function kindOf(head: Pick<LayerHead, 'className' | 'module'>): LayerKind | undefined {
  return (isOperation(head) ? OPERATION_BY_CLASS.get(head.className) : undefined) ?? LAYER_BY_CLASS.get(head.className)
}
