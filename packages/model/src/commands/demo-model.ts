// The model of `whyslow demo`, made by code: a forest as scores of risk are, small, and the same on every machine.
import fs from 'node:fs'
import path from 'node:path'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'

const TREES = 40
const DEPTH = 5
const FEATURES = 12

/** Writes the model into the folder; its path. Throws InputError if another file has its name. */
export function writeDemoModel(folder: string): string {
  const file = path.join(folder, 'demo.onnx')
  const bytes = demoModel()
  if (fs.existsSync(file) && Buffer.compare(fs.readFileSync(file), bytes) !== 0)
    throw new InputError(`${file} is another file than the demo's; give another folder`)
  fs.writeFileSync(file, bytes)
  return file
}

/** Complete trees, node k with the children 2k + 1 and 2k + 2. */
function demoModel(): Uint8Array<ArrayBuffer> {
  const random = mulberry32(7)
  const [inner, all] = [2 ** DEPTH - 1, 2 ** (DEPTH + 1) - 1]
  const nodes = Array.from({ length: TREES * all }, (_, at) => ({ tree: Math.floor(at / all), id: at % all }))
  const leaves = nodes.filter(({ id }) => id >= inner)
  const isInner = ({ id }: { id: number }) => id < inner
  const forest = {
    nodes_treeids: nodes.map(({ tree }) => tree),
    nodes_nodeids: nodes.map(({ id }) => id),
    nodes_featureids: nodes.map((one) => (isInner(one) ? Math.floor(random() * FEATURES) : 0)),
    nodes_modes: nodes.map((one) => (isInner(one) ? 'BRANCH_LT' : 'LEAF')),
    nodes_values: { floats: nodes.map((one) => (isInner(one) ? Math.fround(random() * 2 - 1) : 0)) },
    nodes_truenodeids: nodes.map((one) => (isInner(one) ? 2 * one.id + 1 : 0)),
    nodes_falsenodeids: nodes.map((one) => (isInner(one) ? 2 * one.id + 2 : 0)),
    target_treeids: leaves.map(({ tree }) => tree),
    target_nodeids: leaves.map(({ id }) => id),
    target_ids: leaves.map(() => 0),
    target_weights: { floats: leaves.map(() => Math.fround(random() * 0.2 - 0.1)) },
    n_targets: 1,
  }
  return writeModel(
    model({
      name: 'risk',
      nodes: [node({ opType: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml', name: 'risk' }, ['row'], ['score'], forest)],
      inputs: [valueInfo('row', 'float32', ['N', FEATURES])],
      outputs: [valueInfo('score', 'float32', ['N', 1])],
      opsets: { 'ai.onnx.ml': 3 },
    }),
  )
}
