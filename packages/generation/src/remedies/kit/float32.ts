// A graph in float16 as the same graph in float32. Kernels for the CPU compute in float32: the engine puts a Cast before and after every
// operator of a float16 graph (InsertedPrecisionFreeCast_), and the weights are cast at each call unless they are constants of float32.
import { attribute, rawTensor } from '@whyslow/graph/build.ts'
import { readExternal } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { float16Values } from '@whyslow/graph/decode.ts'
import { dataTypeOf, elementCount } from '@whyslow/graph/dtype.ts'
import { mapSubgraphs, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { bypass, rewriteToTheEnd, selectSeparate } from '@whyslow/graph/rewrite/bypass.ts'
import { isOperator, numberOf } from '@whyslow/graph/rewrite/match.ts'
import { inlineBytes, isExternal, tensorType } from '@whyslow/graph/tensor-data.ts'
import type { AttributeProto, GraphProto, TensorProto, ValueInfoProto } from 'onnx-buf'

const [FLOAT32, FLOAT16] = [dataTypeOf('float32'), dataTypeOf('float16')]
/** Attributes that name an element type. */
const NAMES_TYPE = /^(to|dtype|output_dtype|stash_type)$/

/** Constants of float16 with more than one element, outside and inside of subgraphs. */
export function halfWeights({ proto }: Model): number {
  const count = (graph: GraphProto): number => {
    const own = graph.initializer.filter(
      ({ dataType, dims }) => dataType === FLOAT16 && elementCount(dims.map(Number)) > 1,
    ).length
    const inner = graph.node.flatMap(({ attribute: all }) => all.flatMap(({ g }) => (g === undefined ? [] : [count(g)])))
    return inner.reduce((sum, one) => sum + one, own)
  }
  return proto.graph === undefined ? 0 : count(proto.graph)
}

export function toFloat32(model: Model): Model {
  const tensor = (one: TensorProto): TensorProto => (one.dataType === FLOAT16 ? widened(model, one) : one)
  const attributeOf = (one: AttributeProto): AttributeProto => {
    if (one.t !== undefined && one.t.dataType === FLOAT16) return copyWith(one, { t: tensor(one.t) })
    const names = NAMES_TYPE.test(one.name) && one.i === BigInt(FLOAT16)
    return names ? attribute(one.name, FLOAT32) : one
  }
  const graphOf = (graph: GraphProto): GraphProto =>
    copyWith(graph, {
      node: graph.node.map((one) => {
        const changed = one.attribute.map((given) => attributeOf(given))
        const same = changed.every((given, at) => given === one.attribute[at])
        return mapSubgraphs(same ? one : copyWith(one, { attribute: changed }), graphOf)
      }),
      initializer: graph.initializer.map(tensor),
      input: graph.input.map(infoOf),
      output: graph.output.map(infoOf),
      valueInfo: graph.valueInfo.map(infoOf),
    })
  return withoutIdleCasts(withGraph(model, graphOf(model.proto.graph!)))
}

function infoOf(info: ValueInfoProto): ValueInfoProto {
  const value = info.type?.value
  if (value?.case !== 'tensorType' || value.value.elemType !== FLOAT16) return info
  const type = copyWith(info.type!, { value: { case: 'tensorType', value: copyWith(value.value, { elemType: FLOAT32 }) } })
  return copyWith(info, { type })
}

function widened(model: Model, one: TensorProto): TensorProto {
  const { shape } = tensorType(one)
  const bytes = isExternal(one) ? readExternal(model, one, one.name) : inlineBytes(one)
  const values = float16Values(new Uint16Array(new Uint8Array(bytes).buffer))
  return rawTensor(one.name, 'float32', shape, new Uint8Array(values.buffer))
}

/** Casts to the type that the value has, which are left where both sides were float16 or one was. */
export function withoutIdleCasts(model: Model): Model {
  const found = rewriteToTheEnd(model, (matching) =>
    selectSeparate(
      matching.graph.node
        .filter(
          (one) => isOperator(one, 'Cast') && matching.dtype(one.input[0]) === 'float32' && numberOf(one, 'to', 0) === FLOAT32,
        )
        .map((one) => bypass(matching, one, one.input[0]!)),
    ),
  )
  return found?.model ?? model
}
