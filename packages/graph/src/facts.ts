// What a report says about a model as a whole.
import { countParameters, isConstantNode, weightsBytes } from './constants.ts'
import type { Model } from './model.ts'
import { nodesOf } from './walk.ts'

export interface ModelFacts {
  readonly file: string
  readonly format: string
  /** Hash of the model file itself, lower-case hex. */
  readonly sha256: string
  /** Model file and its external data together. */
  readonly sizeBytes: number
  /** Version by operator domain; '' is ai.onnx. */
  readonly opsets: Readonly<Record<string, number>>
  /** Name and version of the exporter. */
  readonly producer: string | null
  readonly irVersion: number
  /** See `countParameters`. */
  readonly parameters: number
  /** See `weightsBytes`. */
  readonly weightsBytes: number
  /** Nodes of the graph, its subgraphs and functions; `Constant` nodes are not counted. */
  readonly nodes: number
}

/** Facts of the whole model. Reads no external data. Throws InputError if a tensor's type or shape makes no sense. */
export function modelFacts(model: Model): ModelFacts {
  const { proto, source } = model
  const producer = `${proto.producerName} ${proto.producerVersion}`.trim()
  return {
    ...source,
    opsets: opsetsOf(model),
    producer: producer === '' ? null : producer,
    irVersion: Number(proto.irVersion),
    parameters: countParameters(model),
    weightsBytes: weightsBytes(model),
    nodes: nodesOf(proto).filter((node) => !isConstantNode(node)).length,
  }
}

/** Version by operator domain, 'ai.onnx' written as ''. */
function opsetsOf({ proto }: Pick<Model, 'proto'>): Record<string, number> {
  return Object.fromEntries(proto.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)]))
}
