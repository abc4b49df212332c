// Which engines `fix` looks at, on a scripted machine that has all of them.
import { here, MODEL, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { FIX_DEFAULTS, type FixOptions } from './options.ts'
import { otherEngines } from './other-engines.ts'

const model = await readModel(MODEL)
const graph = viewGraph(model)
const trees = { ...graph, nodes: graph.nodes.map((one) => ({ ...one, domain: 'ai.onnx.ml', opType: 'TreeEnsemble' })) }

test.each<[string, typeof graph, Partial<FixOptions>, readonly string[]]>([
  ['a network', graph, {}, ['openvino', 'litert']],
  ['trees', trees, {}, []],
  ['trees, and an engine that is named', trees, { engines: ['ort-cpu', 'openvino'] }, ['openvino']],
  ['trees, and the remedy that is named', trees, { only: ['engine-choice'] }, ['openvino', 'litert']],
])('engines without operators of trees are not looked at for %s', async (_, given, rest, expected) => {
  const options = { ...FIX_DEFAULTS, trials: scriptedMachine({ latency: () => 1, engines: () => here }), ...rest }
  const found = await otherEngines(options, { model, graph: given })
  const ids = found.filter(({ generated }) => !generated).map(({ id }) => id)
  expect(ids.filter((id) => id === 'openvino' || id === 'litert')).toEqual(expected)
})
