// ZipMap turns a tensor of probabilities into a sequence of maps from class label to probability, one map a row: scikit-learn's
// default export. onnxruntime-node cannot fetch such an output, and elsewhere it costs more than many a model before it.
// https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html

import { node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { bypass } from '@whyslow/graph/rewrite/bypass.ts'
import { attributeOf, isOperator, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'
import { countRun, savingByRemoving } from '../kit/unfused.ts'

const TREATS = ['call-overhead', 'dispatch-overhead']
/** More class labels are not written out. */
const LABELS_SHOWN = 10

export const zipmapRemoval = defineRemedy({
  id: 'zipmap-removal',
  title: 'Maps of probabilities become plain tensors',
  treats: TREATS,
  effect: 'exact',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'load-time'],
  onlyWhenNamed: 'the output becomes a tensor with one column per class, instead of a sequence of maps',
  apply(setup, evidence) {
    const changes: string[] = []
    const gone: NodeProto[] = []
    let { model } = setup
    for (;;) {
      const found = withoutOneZipMap(model)
      if (found === undefined) break
      model = found.model
      changes.push(found.change)
      gone.push(found.zipMap)
    }
    if (gone.length === 0) return []
    const left = model.proto.graph!.node.filter(({ opType }) => opType === 'ZipMap').length
    return rewriteProposal(setup, {
      model,
      changes,
      predictedSavingMs: savingByRemoving(evidence, TREATS, gone),
      took: (executed) => countRun(executed, /^ZipMap$/) === left,
    })
  },
})

function withoutOneZipMap(
  model: Model,
): { readonly model: Model; readonly change: string; readonly zipMap: NodeProto } | undefined {
  const { graph } = model.proto
  if (graph === undefined) return undefined
  const matching = matchGraph(model, graph)
  for (const zipMap of graph.node) {
    const [output, source] = [zipMap.output[0] ?? '', zipMap.input[0] ?? '']
    if (!isOperator(zipMap, 'ai.onnx.ml:ZipMap') || !matching.isOutput(output) || matching.readers(output).length > 0) continue
    const labels = labelsOf(zipMap)
    if (labels === undefined || source === '') continue
    // The tensor bears the output's name: by its maker if that can be, else by a node of its own.
    const copied = { remove: new Set([zipMap]), add: [node('Identity', [source], [output])] }
    // ZipMap takes [rows, classes], or [classes] for one row.
    const shape = matching.shape(source)?.length === 1 ? [labels.length] : [null, labels.length]
    const tensor = valueInfo(output, 'float32', shape)
    const typed = copyWith(graph, { output: graph.output.map((one) => (one.name === output ? tensor : one)) })
    const edited = editGraph(typed, bypass(matching, zipMap, source) ?? copied)
    const shown = labels.length > LABELS_SHOWN ? [...labels.slice(0, LABELS_SHOWN), '…'] : labels
    const change = `output '${output}' is a float32 tensor with a column for each class (${shown.join(', ')}), no sequence of maps`
    return { model: withGraph(model, edited), change, zipMap }
  }
  return undefined
}

/** Class labels in the order of the columns. */
function labelsOf(zipMap: NodeProto): readonly string[] | undefined {
  for (const name of ['classlabels_strings', 'classlabels_int64s']) {
    const value = attributeOf(zipMap, name)
    if (Array.isArray(value) && value.length > 0) return value.map(String)
  }
  return undefined
}
