// ModelStatistics as Triton has it over gRPC, whose messages are in
// https://github.com/triton-inference-server/common/blob/main/protobuf/grpc_service.proto
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { countersOf, type Duration, type ModelStatistics, type RequestCount } from '../statistics.ts'

/** Field numbers of InferStatistics. */
const FIELDS: Readonly<Record<Duration, number>> = { queue: 3, compute_input: 4, compute_infer: 5, compute_output: 6 }

/** Statistics from a ModelStatisticsResponse; null if it has no model. Throws an Error if the bytes are not a message. */
export function readStatisticsMessage(bytes: Uint8Array): ModelStatistics | null {
  const models = fieldsIn(bytes).bytes.get(1) ?? []
  return models.length === 0 ? null : new Map(models.map(statisticsOf))
}

function statisticsOf(model: Uint8Array): readonly [string, readonly number[]] {
  const { bytes, numbers } = fieldsIn(model)
  const times = fieldsIn(bytes.get(6)?.[0]).bytes
  const duration = (name: Duration): RequestCount => {
    const counted = fieldsIn(times.get(FIELDS[name])?.[0]).numbers
    return { count: counted.get(1) ?? 0, ns: counted.get(2) ?? 0 }
  }
  const version = new TextDecoder().decode(bytes.get(2)?.[0])
  return [version, countersOf(numbers.get(4) ?? 0, numbers.get(5) ?? 0, duration)]
}

interface Fields {
  /** Messages and texts, in their order. */
  readonly bytes: Map<number, Uint8Array[]>
  readonly numbers: Map<number, number>
}

/** Fields of a message; none if it is absent. */
function fieldsIn(message: Uint8Array = new Uint8Array(0)): Fields {
  const fields: Fields = { bytes: new Map(), numbers: new Map() }
  const reader = new BinaryReader(message)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    if (wire === WireType.Varint) fields.numbers.set(field, Number(reader.uint64()))
    else if (wire === WireType.LengthDelimited) fields.bytes.set(field, [...(fields.bytes.get(field) ?? []), reader.bytes()])
    else reader.skip(wire, field)
  }
  return fields
}
