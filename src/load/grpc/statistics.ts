// ModelStatistics as Triton has it over gRPC, whose messages are in
// https://github.com/triton-inference-server/common/blob/main/protobuf/grpc_service.proto
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { type Counted, countersOf, type Duration, type ModelStatistics } from '../statistics.ts'

/** Of InferStatistics. */
const FIELDS: Readonly<Record<Duration, number>> = { queue: 3, compute_input: 4, compute_infer: 5, compute_output: 6 }

/** Of ModelStatisticsResponse; null where it has no model. Throws an Error where the bytes are no message. */
export function readStatisticsMessage(bytes: Uint8Array): ModelStatistics | null {
  const models = messagesIn(bytes).get(1) ?? []
  return models.length === 0 ? null : new Map(models.map((model) => statisticsOf(model as Uint8Array)))
}

function statisticsOf(model: Uint8Array): readonly [string, readonly number[]] {
  const fields = messagesIn(model)
  const times = messagesIn(fields.get(6)?.[0] as Uint8Array | undefined)
  const duration = (name: Duration): Counted => {
    const counted = messagesIn(times.get(FIELDS[name])?.[0] as Uint8Array | undefined)
    return { count: Number(counted.get(1)?.[0] ?? 0), ns: Number(counted.get(2)?.[0] ?? 0) }
  }
  const version = new TextDecoder().decode(fields.get(2)?.[0] as Uint8Array | undefined)
  return [version, countersOf(Number(fields.get(4)?.[0] ?? 0), Number(fields.get(5)?.[0] ?? 0), duration)]
}

/** Values by field: messages and texts as bytes, whole numbers. */
function messagesIn(bytes: Uint8Array = new Uint8Array(0)): ReadonlyMap<number, readonly (Uint8Array | bigint)[]> {
  const found = new Map<number, (Uint8Array | bigint)[]>()
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    if (wire === WireType.Varint) add(field, BigInt(reader.uint64()))
    else if (wire === WireType.LengthDelimited) add(field, reader.bytes())
    else reader.skip(wire, field)
  }
  return found

  function add(field: number, value: Uint8Array | bigint): void {
    const values = found.get(field)
    if (values === undefined) found.set(field, [value])
    else values.push(value)
  }
}
